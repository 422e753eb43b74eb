"""The keys that the stack of a Flagsmith elsewhere gives to its edges, by an output of it that is secret."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.edge.keys import OUTPUT, Pairs


def pairs_from(logical_name: str, stack: str, opts: pulumi.ResourceOptions) -> Pairs:
    """The pairs that `stack`, as `organization/project/stack`, gave with its last deployment.

    Its outputs are read while the program runs: whoever deploys needs to read that stack, and what decrypts it.
    """
    reference = pulumi.StackReference(logical_name, stack_name=stack, opts=opts)
    return pulumi.Output.secret(reference.outputs.apply(lambda outputs: _pairs(stack, outputs)))


def _pairs(stack: str, outputs: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    given = outputs.get(OUTPUT)
    try:
        pairs: Any = json.loads(given) if isinstance(given, str) else None
        if pairs:
            return [{name: str(pair[name]) for name in ("client_side_key", "server_side_key")} for pair in pairs]
    except (LookupError, TypeError, ValueError):
        # What is there may be secret.
        pass
    raise pulumi.RunError(
        f"feature-flags:edge.primary.stack: the stack {stack} has no output {OUTPUT} with keys. Set sdkKeys.exported: "
        "true in its file and deploy it, with the release of this stack or a newer one."
    )
