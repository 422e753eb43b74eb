"""Rules of secrets: they are in Secrets, and nowhere else."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from components.text.plain_secrets import BY_NAME, secret_form, secret_in
from policies.model import HIDDEN, Enforcement, Finding, Manifest, Object, Objects, Rule
from policies.pods import Container, Pod, pods
from policies.unknown import apart, texts

# `--password=…` and its kin.
OPTION = re.compile(r"--?(?P<name>[\w.-]+?)=(?P<value>.+)", re.DOTALL)
GENERATED = re.compile(r"<generated: [^>]+>")
"""What `ff render` writes in place of a generated value."""
ALLOWED = "a reference to a Secret"


def _plain(objects: Objects) -> Iterator[Finding]:
    for item in objects:
        if item.kind == "Secret":
            continue
        yield from apart(_named(objects, item))
        for path, text in texts(item.manifest):
            if text not in objects.harmless and (
                _has_form(path, text) or any(known in text for known in objects.secrets)
            ):
                yield Finding(item, path, HIDDEN, ALLOWED)
    for pod in pods(objects):
        for container in pod.containers():
            yield from apart(_variables(objects, pod, container))
            for key in ("command", "args"):
                yield from apart(_arguments(pod, container, key))


def _has_form(path: str, text: str) -> bool:
    """Whether a text has the form of a secret; what a container runs, and a file in a ConfigMap, fills in its own."""
    is_script = path.startswith("data.") or bool(re.search(r"\.(command|args)\[\d+\]$", path))
    return secret_form(text, is_script=is_script) is not None or bool(GENERATED.search(text))


def _named(objects: Objects, item: Object) -> Iterator[Finding]:
    """The data of a ConfigMap, annotations and labels, by the names of their keys."""
    yield from apart(_keys(objects, item, "metadata.annotations", item.metadata))
    yield from apart(_keys(objects, item, "metadata.labels", item.metadata))
    if item.kind == "ConfigMap":
        yield from apart(_keys(objects, item, "data", item.manifest))


def _keys(objects: Objects, item: Object, place: str, holder: Manifest) -> Iterator[Finding]:
    values = holder.get(place.rpartition(".")[2]) or {}
    for key in values:
        yield from apart(_key(objects, item, place, values, key))


def _key(objects: Objects, item: Object, place: str, values: Manifest, key: str) -> Iterator[Finding]:
    if _is_named(objects, key, values[key]):
        yield Finding(item, f"{place}[{key}]", HIDDEN, ALLOWED)


def _variables(objects: Objects, pod: Pod, container: Container) -> Iterator[Finding]:
    variables = container.fields.get("env") or ()
    for index in range(len(variables)):
        yield from apart(_variable(objects, pod, container, variables, index))


def _variable(
    objects: Objects, pod: Pod, container: Container, variables: Sequence[Manifest], index: int
) -> Iterator[Finding]:
    variable = variables[index]
    if _is_named(objects, variable.get("name"), variable.get("value")):
        yield Finding(pod.object, f"{container.path}.env[{variable['name']}]", HIDDEN, ALLOWED)


def _arguments(pod: Pod, container: Container, key: str) -> Iterator[Finding]:
    arguments = container.fields.get(key) or ()
    for index in range(len(arguments)):
        yield from apart(_argument(pod, container, key, index))


def _argument(pod: Pod, container: Container, key: str, index: int) -> Iterator[Finding]:
    if _is_option(str(container.fields[key][index])):
        yield Finding(pod.object, f"{container.path}.{key}[{index}]", HIDDEN, ALLOWED)


def _is_named(objects: Objects, name: Any, value: Any) -> bool:
    """Whether a value is a secret for its name; what has the form of one is found with all texts."""
    return value not in objects.harmless and secret_in(str(name), value) == BY_NAME


def _is_option(argument: str) -> bool:
    found = OPTION.fullmatch(argument)
    # One that has the form of a secret as a whole is found with all texts.
    return (
        found is not None
        and secret_in(found["name"], found["value"]) is not None
        and not secret_form(argument, is_script=True)
    )


RULES = (
    Rule(
        id="plain-secret",
        title="No credential is written out in a variable, an argument, a ConfigMap, a label or an annotation",
        description="Whoever may read a pod may read its variables, and so may every log that prints them: passwords, "
        "keys and URLs with a password belong in Secrets.",
        enforcement=Enforcement.MANDATORY,
        remedy="Put it in a Secret, and name that; the value itself is left out here. One that is none is named in the "
        "setting notSecret.",
        check=_plain,
    ),
)
