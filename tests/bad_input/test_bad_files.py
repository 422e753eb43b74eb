"""Whatever else people hand over, or leave where `ff` looks: read within the same bounds, and answered in words."""

import ast
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bad_input.asking import Asking
from tests.bad_input.texts import Bad, bad, of_any_yaml
from tests.recording import ROOT

OF_YAML = ("lock", "kubeconfig", "local kubeconfig", "exceptions", "manifests")
FIRST = ("lock", "docker", "applies")
OF_JSON = ("docker", "state", "context", "plan", "applies")
# What reads files without `components.text.bounds`, and whose they are.
READING = {
    "components/audit/reader.py": "a script of the program",
    "components/backup/containers.py": "a script of the program",
    "components/package/host.py": "the pyproject.toml of the repository",
    "components/rollouts/login.py": "a script of the program",
    "components/rollouts/rollouts.py": "a script of the program",
    "components/edge_metrics/edge_metrics.py": "a script of the program",
    "components/flagsmith/bootstrap.py": "a script of the program",
    "components/postgres/roles.py": "a script of the program",
    "components/flag_metrics/flag_metrics.py": "a script of the program",
    "components/flagsmith/pod.py": "a script of the program",
    "components/flagsmith/logs.py": "a script of the program",
    "components/flagsmith/migration.py": "a script of the program",
    "components/postgres/server.py": "a script of the program",
    "components/postgres/move.py": "a script of the program",
    "flagops/commands/db/move/servers.py": "a script of `ff`",
    "flagops/commands/db/backups/base/counting.py": "a script of the program",
    "flagops/pods/python_in_pod.py": "a script of `ff`",
    "flagops/commands/db/backups/restore.py": "a dump of any size, read by pg_restore",
    "flagops/local_cluster/kind.py": "the configuration of kind beside it",
    "flagops/local_cluster/kubeconfig.py": "certificates that it made",
    "flagops/local_cluster/pins.py": "go.mod files of the repository",
    "flagops/local_cluster/processes.py": "logs of the programs that it started",
    "flagops/commands/docs/command.py": "pages of the repository",
    "flagops/commands/deploy/compare/manifests.py": "what `ff render` wrote a moment before",
    "flagops/commands/db/psql.py": "a script of the program",
    "flagops/commands/render/render.py": "the first line, up to a bound",
    "flagops/commands/flags/code/references.py": "source code, up to a bound",
    "flagops/commands/flags/code/codegen.py": "the template beside it",
    "flagops/commands/flags/code/typescript.py": "likewise",
    "flagops/commands/db/administrator.py": "a script of `ff`",
    "flagops/serving/page/routes.py": "the files of the page, which are of the program",
    "flagops/version.py": "the commit of the build",
    "flagops/commands/init/source.py": "what the installer wrote beside the package",
}


def of_any_json() -> Iterator[Bad]:
    """What no JSON may be."""
    yield bad("100,000 brackets", "[" * 100_000)
    yield bad("5,000 brackets", "[" * 5000 + "]" * 5000)
    yield bad("braces", '{"a":' * 5000 + "1" + "}" * 5000)
    yield bad("5,000 digits", '{"context": ' + "9" * 5000 + "}")
    yield bad("1e400", '{"context": 1e400, "auths": Infinity}')
    yield bad("half a surrogate", '{"context": "\\ud800", "auths": {"\\ud800": {}}}')
    yield bad("a key twice", '{"context": "a", "context": "b"}')
    yield bad("20 MB", '{"a": "' + "x" * 20_000_000 + '"}')
    yield bad("many values", "[" + "0," * 1_500_000 + "0]")
    yield bad("many maps", "[" + "{}," * 600_000 + "{}]")
    yield bad("UTF-16", '{"a": 1}'.encode("utf-16"))
    yield bad("no UTF-8", b'{"a": "\xff"}')
    yield bad("NUL", b"\0")
    yield bad("nothing", "")
    yield bad("a list", "[]")
    yield bad("a text", '"a"')
    yield bad("null", "null")
    yield bad("no JSON", '{"a": ')


def jobs(home: Path) -> Iterator[tuple[str, Bad, dict[str, object]]]:
    number = 0
    for readers, inputs in ((OF_YAML, [*of_any_yaml()]), (OF_JSON, [*of_any_json()])):
        for reader in readers:
            for one in inputs:
                # Nobody applied yet; and what takes long takes it in what all readers of YAML share.
                if (reader, one.name) == ("applies", "nothing") or (reader not in FIRST and len(one.content) > 300_000):
                    continue
                number += 1
                folder = home / f"r{number}"
                folder.mkdir()
                path = folder / "given"
                path.write_bytes(one.content)
                yield reader, one, {"read": reader, "path": str(path)}


def test_every_reader_answers_in_time_with_one_line(ask: Asking, tmp_path: Path) -> None:
    given = [*jobs(tmp_path)]
    for (reader, one, _), answer in zip(given, ask([job for _, _, job in given]), strict=True):
        what = (reader, one.name, answer)
        answer.hold()
        assert len(answer.lines) == 1 or reader in ("lock", "plan"), what  # which name each wrong key
        assert answer.code == 1, what


PLAN = {"ffFlagsPlan": 1, "catalogue": "c.yaml", "sha256": "", "server": "s", "project": "p", "delete": False}


@pytest.mark.parametrize(
    "change",
    [
        {"catalogue": 5},
        {"catalogue": "a\0b"},
        {"catalogue": "/dev/zero"},
        {"ffFlagsPlan": [["x" * 10_000] * 1000]},
        {"changes": [{"action": "create", "kind": "flag", "name": ["a"], "environment": None, "field": []}]},
        {"changes": [[]] * 10_000},
    ],
    ids=str,
)
def test_a_plan_that_is_none_is_said_to_be_none(change: dict[str, object], ask: Asking, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps({**PLAN, "changes": [], **change}), encoding="utf-8")
    (answer,) = ask([{"read": "plan", "path": str(tmp_path / "p.json")}])
    answer.hold()
    assert answer.code == 1


@pytest.mark.parametrize("value", ["[" * 5000, "&a [*a]", "9" * 5000, "{a: b}", '"\\e[2J', "? a", "a\x07"], ids=repr)
def test_a_trait_that_is_none_is_told_on_one_line(value: str, ask: Asking, tmp_path: Path) -> None:
    (tmp_path / "trait").write_text(value, encoding="utf-8")
    (answer,) = ask([{"read": "trait", "path": str(tmp_path / "trait")}])
    answer.hold()
    assert (answer.code, len(answer.lines)) == (1, 1), answer


def test_what_is_no_file_is_refused_by_every_reader(ask: Asking, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    readers = ("kubeconfig", "local kubeconfig", "plan", "applies", "manifests")
    asked = [{"read": reader, "path": str(path)} for reader in readers for path in (pipe, Path("/dev/zero"))]
    for answer in ask(asked):
        answer.hold()
        assert (answer.code, len(answer.lines)) == (1, 1), answer


@pytest.mark.parametrize("one", [*of_any_json()], ids=lambda one: one.name)
def test_what_somebody_put_beside_the_backups_is_no_backup(one: Bad, tmp_path: Path) -> None:
    source = (ROOT / "components" / "backup" / "in_pod" / "store_backups.py").read_text(encoding="utf-8")
    assert source.endswith("\nmain()\n")
    script: dict[str, Any] = {"__name__": "script"}
    exec(compile(source.removesuffix("main()\n"), "store_backups.py", "exec"), script)  # noqa: S102 - as a pod does
    (tmp_path / "flagsmith-20260101T000000Z.json").write_bytes(one.content)
    assert script["manifests"](script["Directory"](str(tmp_path)), "flags.example.com") == []


def _reads(path: Path) -> bool:
    """Whether a file of ours reads another one by itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("read_text", "read_bytes"):
                return True
            is_of_os = isinstance(node.func.value, ast.Name) and node.func.value.id == "os"
            mode = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else "r"
            if node.func.attr == "open" and not is_of_os and str(mode)[0] == "r":
                return True
    return False


def test_whatever_reads_a_file_reads_it_within_bounds_or_says_why_not() -> None:
    places = [path for part in ("components", "flagops", "policies") for path in sorted((ROOT / part).rglob("*.py"))]
    ours = [path for path in places if not {".venv", "in_pod"} & {*path.parts}]
    found = {str(path.relative_to(ROOT)) for path in ours if _reads(path) and path.name != "bounds.py"}
    assert found == READING.keys()
