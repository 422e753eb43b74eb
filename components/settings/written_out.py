"""Secrets that are written out in the settings, where all who may read a pod or the file read them: refused."""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import BaseModel

from components.settings.problems import NOT_SHOWN, Problem
from components.settings.reserved import reservation
from components.settings.schema import is_named_by_people
from components.settings.shown import shown_path
from components.text.plain_secrets import dotted, secret_form, secret_in, texts_of
from components.text.secret_forms import is_random

Path = tuple[str | int, ...]

# Where it belongs, by what the path begins with.
_INSTEAD: Final[Mapping[Path, str]] = {
    ("env",): "put it in a Kubernetes Secret, and name that in envFromSecrets",
    ("audit", "export"): "a token belongs in audit.export.tokenSecret",
    ("registryMirror",): "a registry's log-in belongs in imagePullSecrets",
    ("image",): "a registry's log-in belongs in imagePullSecrets",
    ("login", "environmentKey"): "browsers get this key: name the environment's client-side key, no server-side key",
    ("sdkKeys", "clientKeys"): "name the environment's client key, which is public, no server-side key",
    ("smtp",): "a password belongs in smtp.existingSecret",
    ("tracing",): "a log-in belongs in tracing.headers",
    ("backup", "s3", "proxy"): "a proxy that asks for a log-in cannot be used: let it admit the pods by address",
    ("backup", "s3"): "a log-in belongs in backup.s3.existingSecret",
}
_EXISTING: Final = frozenset({"existingSecret", "existingSecrets"})
_ELSEWHERE: Final = "put it in a Kubernetes Secret, and name that"


def problems(values: Mapping[str, object], model: type[BaseModel]) -> Iterator[Problem]:
    """Yield every value that looks like a secret, but those that `notSecret` names; and what that names in vain."""
    stated = values.get("notSecret")
    listed = [*enumerate(stated)] if isinstance(stated, list | tuple) else []
    let_be = {key for _, key in listed if isinstance(key, str)}
    known = set()
    for path, value in texts_of(values):
        key = dotted(path)
        known.add(key)
        if path[0] == "notSecret" or key in let_be:
            continue
        kind = _kind(path, value, model)
        if kind is not None:
            yield Problem(path=path, value=NOT_SHOWN, text=_refusal(path, kind))
    for index, given in listed:
        if isinstance(given, str) and given not in known:
            yield Problem(
                path=("notSecret", index),
                text="names no setting of this stack: write the key as a refusal does, such as env.NAME, or remove it",
            )


def _kind(path: Path, value: object, model: type[BaseModel]) -> str | None:
    if isinstance(value, str) and len(path) > 2 and path[-2] == "keys" and not _EXISTING.isdisjoint(path):
        # What an existing Secret calls its keys: a name, unless somebody has put the value there.
        return secret_form(value) or ("random characters" if is_random(value) else None)
    # In a store, what stands beside a key of a Secret is the name of an entry.
    if isinstance(path[-1], str) and path[0] != "secretStore" and is_named_by_people(model, path):
        return secret_in(path[-1], value)
    return secret_form(value) if isinstance(value, str) else None


def _refusal(path: Path, kind: str) -> str:
    reserved = reservation(str(path[1])) if path[0] == "env" and len(path) > 1 else None
    if reserved is not None:
        # In a Secret it would be refused too.
        return f"{reserved}. It looks like a secret ({kind}), and is not shown"
    instead = next((text for start, text in _INSTEAD.items() if path[: len(start)] == start), _ELSEWHERE)
    return (
        f"looks like a secret ({kind}), which settings never hold, and is not shown: {instead}. "
        f"If it is none, add {shown_path(path)} to notSecret"
    )
