"""The exceptions on the objects of a Pulumi program, put there in one place for both engines and for files."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pulumi

from policies.exceptions import Excepted, annotations, exceptions


def annotate_exceptions(project: Path | None = None) -> None:
    """From here on, put the annotations of the exceptions on each Kubernetes object that the program makes.

    They are in `policies/exceptions.yaml` of the project's directory; by default, those that come with these rules.

    A transformation of the SDK's, which runs in the program: the engine need not know of transforms.
    """
    pulumi.runtime.register_stack_transformation(annotated(project))


def annotated(project: Path | None = None) -> pulumi.ResourceTransformation:
    """The same as a transformation of one component and all that it makes, where the program is somebody else's."""
    return partial(_annotated, exceptions(project))


def _annotated(
    held: Sequence[Excepted], args: pulumi.ResourceTransformationArgs
) -> pulumi.ResourceTransformationResult | None:
    metadata: Any = args.props.get("metadata")
    if not args.type_.startswith("kubernetes:") or metadata is None:
        return None
    kind = args.type_.rpartition(":")[2]
    if not any(pattern.startswith(f"{kind}/") for entry in held for pattern in entry.objects):
        return None
    if isinstance(metadata.name, str):
        own: Any = annotations(held, kind, metadata.name)
        metadata.annotations = {**(metadata.annotations or {}), **own} or None
    else:
        # A Job whose name has the digest of values that are not known yet.
        known: pulumi.Output[Any] = pulumi.Output.all(name=metadata.name, annotations=metadata.annotations)
        metadata.annotations = known.apply(lambda found: _merged(held, kind, found))
    return pulumi.ResourceTransformationResult(args.props, args.opts)


def _merged(held: Sequence[Excepted], kind: str, found: Mapping[str, Any]) -> dict[str, str]:
    return {**(found["annotations"] or {}), **annotations(held, kind, found["name"])}
