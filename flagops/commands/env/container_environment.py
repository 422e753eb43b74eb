"""What a container's `env` comes to in its process: Secrets looked up and references expanded, as Kubernetes does."""

import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from components.kit import names
from components.text.plain_secrets import secret_in
from flagops.errors import AnswerError, BadInputError, NotFoundError, UnsupportedError
from flagops.evaluation.program import Program
from flagops.kubernetes.objects import Manifest, Ref

# The stand-in of what only a running pod has.
POD_FIELDS = {"status.podIP": "127.0.0.1"}
# `$(NAME)` is a reference, `$$` is a dollar sign that starts none.
REFERENCE = re.compile(r"\$(\$|\(([A-Za-z_.-][A-Za-z0-9_.-]*)\))")

SecretValue = Callable[[str, str], str]
"""From a Secret's name and a key of it to the value."""


class FlagsmithComponent(StrEnum):
    """The programs that run in Flagsmith's image."""

    API = "api"
    TASK_PROCESSOR = "task-processor"
    MIGRATE = "migrate"
    BOOTSTRAP = "bootstrap"

    @property
    def label(self) -> str:
        """The value of the pods' label `app.kubernetes.io/component`."""
        return "migration" if self is FlagsmithComponent.MIGRATE else self.value


def container(program: Program, component: FlagsmithComponent) -> tuple[str, Manifest]:
    """The namespace and the container of `component`."""
    for item in program.objects:
        if item.ref.kind not in ("Deployment", "Job"):
            continue
        template = item.manifest["spec"]["template"]
        if template["metadata"]["labels"].get(names.COMPONENT) == component.label:
            found: Manifest = template["spec"]["containers"][0]
            return item.ref.namespace, found
    raise NotFoundError(f"The stack {program.stack!r} has no workload of the component {component.value!r}.")


def resolve(found: Manifest, secret: SecretValue, overrides: Mapping[str, str]) -> dict[str, str]:
    """The variables of the container `found`, in its order.

    `overrides` replace values before others refer to them; a name the container lacks is left out.
    """
    variables: dict[str, str] = {}
    for entry in found.get("env") or []:
        name = entry["name"]
        if name in overrides:
            variables[name] = overrides[name]
        elif "valueFrom" in entry:
            variables[name] = _sourced(name, entry["valueFrom"], secret)
        else:
            variables[name] = expand(entry.get("value", ""), variables)
    return variables


def of_the_pod(found: Manifest) -> list[str]:
    """The variables that name a file which only the pod has, and what such a file is read for."""
    mounts = [f"{mount['mountPath']}/" for mount in found.get("volumeMounts") or [] if mount.get("readOnly")]
    files = [
        entry["name"] for entry in found.get("env") or [] if f"{entry.get('value', '')}/".startswith(tuple(mounts))
    ]
    # It names a section of the other's file, without which no client of PostgreSQL connects.
    return [*files, "PGSERVICE"] if "PGSERVICEFILE" in files else files


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`text` with its references replaced; one to a variable that is not defined before it stays, as in Kubernetes."""
    return REFERENCE.sub(lambda match: "$" if match[1] == "$" else variables.get(match[2], match[0]), text)


def _sourced(name: str, source: Mapping[str, Any], secret: SecretValue) -> str:
    if "secretKeyRef" in source:
        return secret(source["secretKeyRef"]["name"], source["secretKeyRef"]["key"])
    path = source.get("fieldRef", {}).get("fieldPath")
    if path not in POD_FIELDS:
        raise UnsupportedError(
            f"The variable {name} comes from {json.dumps(source)}, for which there is no value outside a pod."
        )
    return POD_FIELDS[path]


def without_plain_secrets(variables: Mapping[str, str], harmless: frozenset[str]) -> dict[str, str]:
    """The variables, with a mask for what looks like a secret and does not come from one; not for `harmless` values."""
    return {
        name: f"<not shown: {kind}>" if value not in harmless and (kind := secret_in(name, value)) else value
        for name, value in variables.items()
    }


def masked(name: str, key: str) -> str:
    """What stands for a value that is not to be shown."""
    return f"<secret {name}/{key}>"


def from_program(program: Program, namespace: str) -> SecretValue:
    """Values out of the Secrets that the program itself would make."""

    def value(name: str, key: str) -> str:
        item = program.by_ref.get(Ref("v1", "Secret", namespace, name))
        if item is None:
            raise UnsupportedError(
                f"The Secret {name} (key {key}) is not made by this stack but named in its settings, so no value can "
                "be made up for it.",
                hint="Give the value with --postgres or --redis if it is one of theirs, or use --show-secrets.",
            )
        return _decoded(item.manifest, name, key, "would be made")

    return value


def from_cluster(get: Callable[[Ref], Manifest | None], namespace: str, where: str) -> SecretValue:
    """Values out of the cluster's Secrets; `get` reads one, `where` names the cluster in messages."""
    read: dict[str, Manifest | None] = {}

    def value(name: str, key: str) -> str:
        if name not in read:
            read[name] = get(Ref("v1", "Secret", namespace, name))
        manifest = read[name]
        if manifest is None:
            raise NotFoundError(
                f"There is no Secret {namespace}/{name} in {where}, so its key {key} cannot be shown.",
                hint="Deploy the stack first, or print made-up values with --generate.",
            )
        return _decoded(manifest, name, key, f"is in {where}")

    return value


def _decoded(manifest: Manifest, name: str, key: str, where: str) -> str:
    data = manifest.get("data") or {}
    if key not in data:
        raise NotFoundError(
            f"The Secret {name} {where} without the key {key}; it has: {', '.join(sorted(data)) or 'none'}."
        )
    try:
        return b64decode(data[key], validate=True).decode()
    except (NotBase64, UnicodeDecodeError):
        raise AnswerError(f"The key {key} of the Secret {name} {where}, but is not text.") from None


def as_shell(variables: Mapping[str, str]) -> str:
    """Lines for `eval` in any POSIX shell: nothing in a value is expanded there."""
    return "\n".join(f"export {name}='{_quoted(value)}'" for name, value in variables.items())


def _quoted(value: str) -> str:
    return value.replace("'", "'\\''")


def as_json(variables: Mapping[str, str]) -> str:
    """One JSON object."""
    return json.dumps(variables, indent=2, ensure_ascii=False)


def check_postgres_url(url: str) -> str:
    """`url`, if Flagsmith could connect with it."""
    if not re.fullmatch(r"postgres(ql)?://[^/?#]+/[^/?#]+(\?[^#]*)?", url):
        raise BadInputError(
            "--postgres is not a PostgreSQL URL.",
            hint="Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE; a ?sslmode= at its end counts before PGSSLMODE.",
        )
    return url


def check_redis_url(url: str) -> str:
    """`url`, if a database number can follow it: each cache has its own."""
    if not re.fullmatch(r"rediss?://[^/?#]+", url):
        raise BadInputError(
            "--redis must be a Redis URL without a database.",
            hint="Write redis://:PASSWORD@HOST:PORT, with nothing after the port: each cache adds its own database.",
        )
    return url
