"""Names, labels and ports of objects are written in components/kit/names.py, and nowhere else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.kit import names
from tests.recording import ROOT

HOME = Path("components/kit/names.py")
OBJECT = re.compile(r"flagsmith(-[a-z0-9]+)+-?")
LABEL = re.compile(r"(app\.kubernetes\.io|kubectl\.kubernetes\.io/default-container)\b.*")
PORTS = {value for name, value in vars(names).items() if name.endswith("_PORT")}
WRITTEN = {value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)}
# What looks like one and is none, or cannot be imported where it is needed.
ELSEWHERE = {
    ("components/settings/model.py", "flagsmith-tls"): "settings know no resource; the default of a setting",
    ("components/settings/model.py", "flagsmith-gateway-tls"): "likewise",
    ("components/settings/sections/postgres/cluster.py", "flagsmith-pg"): "likewise",
    ("components/settings/object_metadata.py", "app.kubernetes.io/"): "settings know no resource; whose keys they are",
    ("components/settings/object_metadata.py", "kubectl.kubernetes.io/default-container"): "likewise",
    ("components/settings/ways.py", 5432): "the default of an external server's address, whatever ours listens on",
    ("components/settings/ways.py", 6379): "likewise",
    ("flagops/commands/flags/catalogue/model.py", "flagsmith-keys"): "the default of a key of the catalogue",
    ("flagops/local_cluster/model.py", "flagsmith-local"): "the local cluster, which knows nothing of the platform",
    ("flagops/serving/server/seen.py", "flagsmith-sdk-user-agent"): "a header of Flagsmith's SDKs",
}
SOURCES = sorted(
    path.relative_to(ROOT)
    for top in ("components", "flagops")
    for path in (ROOT / top).rglob("*.py")
    if "in_pod" not in path.parts
)


def literals(tree: ast.AST) -> Iterator[tuple[int, object]]:
    """Each constant with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            yield node.lineno, node.value


def is_of_an_object(value: object) -> bool:
    if isinstance(value, str):
        return value in WRITTEN - {names.API, names.PLATFORM} or bool(OBJECT.fullmatch(value) or LABEL.match(value))
    return not isinstance(value, bool) and value in PORTS


@pytest.fixture(scope="module")
def found() -> list[tuple[str, int, object]]:
    """Each such literal of the other files, with its place."""
    return [
        (str(source), line, value)
        for source in SOURCES
        if source != HOME
        for line, value in literals(ast.parse((ROOT / source).read_text(encoding="utf-8")))
        if is_of_an_object(value)
    ]


def test_no_other_file_writes_the_name_the_label_or_the_port_of_an_object(
    found: list[tuple[str, int, object]],
) -> None:
    assert [f"{source}:{line} {value!r}" for source, line, value in found if (source, value) not in ELSEWHERE] == []


def test_what_may_stand_elsewhere_does(found: list[tuple[str, int, object]]) -> None:
    assert {(source, value) for source, _, value in found} >= set(ELSEWHERE)


def test_each_name_is_written_once() -> None:
    assert len(WRITTEN) == len([name for name, value in vars(names).items() if name.isupper() and value in WRITTEN])


@pytest.mark.parametrize("value", ["flagsmith-postgres", "flagsmith-roles-", "app.kubernetes.io/component", 8000, 9187])
def test_such_a_literal_is_seen(value: object) -> None:
    assert [is_of_an_object(each) for _, each in literals(ast.parse(f"x = {value!r}"))] == [True]


def hidden(text: str) -> list[int]:
    """The lines on which a source calls something else of its own `names`."""
    tree = ast.parse(text)
    imports = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "components.kit"
        and any((a.name, a.asname) == ("names", None) for a in node.names)
        for node in ast.walk(tree)
    )
    stored = [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "names" and isinstance(node.ctx, ast.Store))
        or (isinstance(node, ast.arg) and node.arg == "names")
    ]
    return stored if imports else []


def test_the_module_of_names_is_hidden_by_no_variable() -> None:
    found = {str(source): hidden((ROOT / source).read_text(encoding="utf-8")) for source in SOURCES}
    assert {source: lines for source, lines in found.items() if lines} == {}
    assert hidden("from components.kit import names\nnames = 1\ndef f(names): pass\n") == [2, 3]
    assert hidden("names = 1\n") == []
