"""The one reader of files that people wrote, and that all who read such a file use it."""

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from components.text.yaml12 import Timestamp, YamlError, compose, read, read_all
from flagops.commands.flags.catalogue.load import load
from flagops.errors import BadInputError
from flagops.serving.engine.user import user
from flagops.stacks.files import load_stack
from policies.exceptions import parse
from tests.policies.manifests import container, deployment, pod
from tests.recording import ROOT

# What these read was written by this project, or by a tool on its behalf.
OUR_OWN = {
    "flagops/local_cluster/kind.py": "the configuration of kind beside it",
    "flagops/commands/deploy/compare/manifests.py": "what `ff render` wrote",
}
READING = {"load", "load_all", "safe_load", "safe_load_all", "full_load", "compose", "compose_all", "parse", "scan"}


def calls_of_pyyaml(path: Path) -> set[str]:
    """The functions of PyYAML that a file calls to read."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "yaml"
    }
    # In promote.py the name is that of a writer of ruamel's, which keeps the file's layout.
    uses_pyyaml = any(
        isinstance(node, ast.Import) and any(alias.name == "yaml" for alias in node.names) for node in ast.walk(tree)
    )
    return names & READING if uses_pyyaml else set()


def test_only_what_we_wrote_ourselves_is_read_by_pyyaml() -> None:
    paths = [path for part in ("components", "flagops", "policies") for path in (ROOT / part).rglob("*.py")]
    reading = {str(path.relative_to(ROOT)) for path in paths if ".venv" not in path.parts and calls_of_pyyaml(path)}
    assert reading == OUR_OWN.keys()


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "the key 'a' is given twice, first at line 1; remove one"),
        ("a: 1\n'a': 3\n", (2, 1), "the key 'a' is given twice, first at line 1; remove one"),
        ("a:\n  on: 1\n  1: x\n", (3, 3), "the key '1' is not text; put it in quotes"),
        ("a: &x\n  b: *x\n", (1, 4), "an alias names what it is in"),
        ("a: 1\n---\nb: 2\n", (3, 1), "a second document begins here (---); one is expected"),
        ("a:\n  <<: 1\n", (2, 7), "<< merges mappings; this is none"),
        ("a: !!int soon\n", (1, 4), "'soon' is not a int, which its tag !!int says"),
        ("a: \x07\n", (1, 4), "a: \\x07 is a character that YAML does not allow"),
        ('a:\n  - "x\\0"\n', (2, 5), "'…' holds \\x00, which is no text"),
        ("%YAML 1.2\n" * 101 + "--- 1\n", (101, 1), "more than 100 lines begin with %, as directives do"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, place: tuple[int, int], said: str) -> None:
    with pytest.raises(YamlError) as error:
        read(text)
    assert (error.value.line, error.value.column, error.value.said) == (*place, said)


def test_the_mark_that_windows_editors_write_is_no_part_of_the_text() -> None:
    assert read("\ufeffa: NO\n") == {"a": "NO"}
    assert compose("") is None
    assert read("# nothing\n") is None


def test_documents_are_read_one_by_one_and_their_keys_may_be_made_text() -> None:
    assert read_all("a: 1\n---\nb: 22:30\n") == [{"a": 1}, {"b": "22:30"}]
    assert read_all("8080: NO\ntrue: x\n2026-01-01: y\n", any_key=True) == [
        {"8080": "NO", "true": "x", "2026-01-01": "y"}
    ]


def test_a_date_is_text_that_can_be_told_apart() -> None:
    assert type(read("2026-01-01")) is Timestamp
    assert type(read("'2026-01-01'")) is str


def test_manifests_are_read_as_everything_else(tmp_path: Path, run: Callable[..., Result]) -> None:
    manifest = deployment(pod(container(securityContext={"readOnlyRootFilesystem": "X"})))
    path = tmp_path / "deployment.yaml"
    path.write_text(json.dumps(manifest).replace('"X"', "NO"), encoding="utf-8")
    shown = run("policy", "check", str(path)).stdout
    assert "securityContext.readOnlyRootFilesystem = 'NO': true" in shown


def test_the_catalogue_exceptions_traits_and_stack_files_say_no_alike(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.yaml"
    catalogue.write_text(
        "project: p\nenvironments: [dev]\nflags:\n  land:\n    description: Where\n    owner: team\n    kind: ops\n"
        "    enabled: true\n    value: NO\n",
        encoding="utf-8",
    )
    declared, _ = load(catalogue)
    assert declared.flags["land"].value == "NO"
    assert user("ann", ["land=NO", "at=22:30", "on=on", "count=17"]).traits == {
        "land": "NO",
        "at": "22:30",
        "on": "on",
        "count": 17,
    }
    with pytest.raises(BadInputError, match="'017'"):
        user("ann", ["count=017"])
    (entry,) = parse("exceptions:\n- {scanner: policy, checks: [NO], reason: on, objects: [Job/a]}\n")
    assert (entry.check, entry.reason) == ("NO", "on")
    (tmp_path / "Pulumi.yaml").write_text("name: p\n", encoding="utf-8")
    (tmp_path / "Pulumi.blue.yaml").write_text(
        "config:\n  land: NO\n  at: 22:30\n  p:config:old: on\n", encoding="utf-8"
    )
    assert load_stack("blue", tmp_path).config == {"p:land": "NO", "p:at": "22:30", "p:old": "on"}
