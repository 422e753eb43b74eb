"""Rules of secrets: they are in Secrets, and nowhere else."""

import re
from collections.abc import Iterator
from typing import Any

from policies.model import HIDDEN, Enforcement, Finding, Object, Objects, Rule
from policies.pods import pods

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
        yield from _named(item)
        for path, text in _strings(item.manifest, ""):
            if _looks_secret(text) or any(secret in text for secret in objects.secrets):
                yield Finding(item, path, HIDDEN, ALLOWED)
    for pod in pods(objects):
        for container in pod.containers():
            for variable in container.fields.get("env") or ():
                if _is_credential(variable.get("name"), variable.get("value")):
                    yield Finding(pod.object, f"{container.path}.env[{variable['name']}]", HIDDEN, ALLOWED)
            for key in ("command", "args"):
                for index, argument in enumerate(container.fields.get(key) or ()):
                    if _is_option(str(argument)):
                        yield Finding(pod.object, f"{container.path}.{key}[{index}]", HIDDEN, ALLOWED)


def _named(item: Object) -> Iterator[Finding]:
    """The data of a ConfigMap, and annotations, by the names of their keys."""
    places = {"metadata.annotations": item.metadata.get("annotations") or {}}
    if item.kind == "ConfigMap":
        places["data"] = item.manifest.get("data") or {}
    for place, values in places.items():
        for key, value in values.items():
            if _is_credential(key, value):
                yield Finding(item, f"{place}[{key}]", HIDDEN, ALLOWED)


def _is_credential(name: Any, value: Any) -> bool:
    text = str(value or "").strip()
    is_written_out = text.lower() not in HARMLESS and not text.startswith("$")
    return bool(CREDENTIAL.search(str(name))) and is_written_out


def _is_option(argument: str) -> bool:
    found = OPTION.fullmatch(argument)
    return found is not None and _is_credential(argument.partition("=")[0], found["value"])


def _looks_secret(text: str) -> bool:
    return bool(URL.search(text)) or any(pattern.search(text) for pattern in VALUES)


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every string of a manifest with its path; the items of a list by their name, where they have one."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            name = item.get("name", index) if isinstance(item, dict) else index
            yield from _strings(item, f"{path}[{name}]")


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
