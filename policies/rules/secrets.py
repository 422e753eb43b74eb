"""Rules of secrets: they are in Secrets, and nowhere else."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from policies.model import HIDDEN, Enforcement, Finding, Manifest, Object, Objects, Rule
from policies.pods import Container, Pod, pods
from policies.unknown import apart, texts

# Names whose value is a credential. PASSWORD_FILE, SECRET_NAME and the like end otherwise, and hold none.
CREDENTIAL = re.compile(
    r"(password|passwd|passphrase|secret|token|credentials?|(api|access|secret|private)[-_.]?key)$", re.IGNORECASE
)
# `--password=…` and its kin, where what follows is no variable.
OPTION = re.compile(r"--?[\w.-]+?=(?P<value>.+)", re.DOTALL)
# A URL with a password that is written out: no `$(VARIABLE)`, `${variable}` or `$variable`.
URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@]*:(?P<password>[^\s/@$]+)@", re.IGNORECASE)
VALUES = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),  # an access key of AWS
    re.compile(r"\b(ghp|gho|ghs|github_pat|glpat|xox[abp])[-_][0-9A-Za-z_-]{16,}"),  # tokens of GitHub, GitLab, Slack
    re.compile(r"<generated: [^>]+>"),  # what `ff render` writes in place of a generated value
)
HARMLESS = frozenset({"", "true", "false", "none", "null"})
ALLOWED = "a reference to a Secret"


def _plain(objects: Objects) -> Iterator[Finding]:
    for item in objects:
        if item.kind == "Secret":
            continue
        yield from apart(_named(item))
        for path, text in texts(item.manifest):
            if _looks_secret(text) or any(secret in text for secret in objects.secrets):
                yield Finding(item, path, HIDDEN, ALLOWED)
    for pod in pods(objects):
        for container in pod.containers():
            yield from apart(_variables(pod, container))
            for key in ("command", "args"):
                yield from apart(_arguments(pod, container, key))


def _named(item: Object) -> Iterator[Finding]:
    """The data of a ConfigMap, and annotations, by the names of their keys."""
    yield from apart(_keys(item, "metadata.annotations", item.metadata))
    if item.kind == "ConfigMap":
        yield from apart(_keys(item, "data", item.manifest))


def _keys(item: Object, place: str, holder: Manifest) -> Iterator[Finding]:
    values = holder.get(place.rpartition(".")[2]) or {}
    for key in values:
        yield from apart(_key(item, place, values, key))


def _key(item: Object, place: str, values: Manifest, key: str) -> Iterator[Finding]:
    if _is_credential(key, values[key]):
        yield Finding(item, f"{place}[{key}]", HIDDEN, ALLOWED)


def _variables(pod: Pod, container: Container) -> Iterator[Finding]:
    variables = container.fields.get("env") or ()
    for index in range(len(variables)):
        yield from apart(_variable(pod, container, variables, index))


def _variable(pod: Pod, container: Container, variables: Sequence[Manifest], index: int) -> Iterator[Finding]:
    variable = variables[index]
    if _is_credential(variable.get("name"), variable.get("value")):
        yield Finding(pod.object, f"{container.path}.env[{variable['name']}]", HIDDEN, ALLOWED)


def _arguments(pod: Pod, container: Container, key: str) -> Iterator[Finding]:
    arguments = container.fields.get(key) or ()
    for index in range(len(arguments)):
        yield from apart(_argument(pod, container, key, index))


def _argument(pod: Pod, container: Container, key: str, index: int) -> Iterator[Finding]:
    if _is_option(str(container.fields[key][index])):
        yield Finding(pod.object, f"{container.path}.{key}[{index}]", HIDDEN, ALLOWED)


def _is_credential(name: Any, value: Any) -> bool:
    text = str(value or "").strip()
    is_written_out = text.lower() not in HARMLESS and not text.startswith("$")
    return bool(CREDENTIAL.search(str(name))) and is_written_out


def _is_option(argument: str) -> bool:
    found = OPTION.fullmatch(argument)
    return found is not None and _is_credential(argument.partition("=")[0], found["value"])


def _looks_secret(text: str) -> bool:
    return bool(URL.search(text)) or any(pattern.search(text) for pattern in VALUES)


RULES = (
    Rule(
        id="plain-secret",
        title="No credential is written out in a variable, an argument, a ConfigMap or an annotation",
        description="Whoever may read a pod may read its variables, and so may every log that prints them: passwords, "
        "keys and URLs with a password belong in Secrets.",
        enforcement=Enforcement.MANDATORY,
        remedy="Put it in a Secret, and name that; the value itself is left out here.",
        check=_plain,
    ),
)
