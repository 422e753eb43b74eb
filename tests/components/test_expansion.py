"""What the kubelet makes of a container's command and variables: it expands `$(NAME)`, and `$$` to `$`."""

from collections.abc import Iterator
from typing import Any

import pytest

from flagops.evaluation.generated import Placeholders
from tests.recording import STACKS, Recording, record, recorded
from tests.scanners.rendered import API_VERSIONS, VARIANTS


def expanded(text: str) -> str:
    """As Expand of Kubernetes (third_party/forked/golang/expansion), for variables that nobody has."""
    found, at = "", 0
    while at < len(text):
        if text[at] != "$" or at + 1 == len(text):
            found, at = found + text[at], at + 1
            continue
        end = text.find(")", at)
        if text[at + 1] == "$":
            found, at = found + "$", at + 2
        elif text[at + 1] == "(" and end >= 0:
            found, at = found + text[at : end + 1], end + 1
        else:
            found, at = found + text[at : at + 2], at + 2
    return found


def test_it_is_done_as_kubernetes_does_it() -> None:
    assert expanded("a $$ b $$(c) $(d $$ e) $(f $") == "a $ b $(c) $(d $$ e) $(f $"


def texts(value: Any) -> Iterator[tuple[str, str]]:
    """All commands, arguments and variables of the containers within."""
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for key in ("containers", "initContainers"):
            for container in value.get(key) or []:
                parts = [*(container.get("command") or []), *(container.get("args") or [])]
                parts += [item.get("value") or "" for item in container.get("env") or []]
                yield from ((container["name"], str(part)) for part in parts)
        for item in value.values():
            yield from texts(item)


def recording(name: str) -> Recording:
    if name in STACKS:
        return recorded(name)
    stated = {key: value for key, value in VARIANTS[name].items() if value is not None}
    without = tuple(key for key, value in VARIANTS[name].items() if value is None)
    return record("production", {**stated, "apiVersions": list(API_VERSIONS)}, without, Placeholders())


@pytest.mark.parametrize("name", [*STACKS, *VARIANTS])
def test_no_script_means_another_thing_once_it_is_expanded(name: str) -> None:
    """`format($$…$$)` reaches PostgreSQL as `format($…$)`: quote with `$q$`, or with apostrophes."""
    found = recording(name)
    changed = {
        f"{container}: {text[max(0, text.find('$$') - 40) : text.find('$$') + 40]}"
        for item in found.program.objects
        for container, text in texts(dict(item.manifest))
        # Within $(…) it is left as it is, by luck: the next bracket ends that.
        if "$$" in text or expanded(text) != text
    }
    assert changed == set()
