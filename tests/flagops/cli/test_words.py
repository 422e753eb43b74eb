"""The help of `ff`: groups, one line for each command, and nothing imported that it does not need."""

import ast
import importlib
import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from flagops.terminal.by_name import COMMANDS, Word
from flagops.words import GROUPS
from tests.commands import EVERY
from tests.recording import ROOT

Run = Callable[..., Result]
# What takes a fifth of a second or more to import: the help of a command does without.
HEAVY = {"kubernetes", "pulumi", "pulumi_kubernetes", "cryptography", "flagsmith", "jinja2", "components.settings"}
# What a list of commands, which runs none of them, leaves alone as well.
OF_COMMANDS = {*HEAVY, COMMANDS, "httpx", "yaml", "components.kit", "flagops.engines", "flagops.stacks"}

WORDS = tuple(word for words in GROUPS.values() for word in words)
LISTS = {"": WORDS, **{word.name: word.below for word in WORDS if word.below}}


def leaves(words: tuple[Word, ...]) -> Iterator[Word]:
    for word in words:
        yield from leaves(word.below) if word.below else (word,)


def test_the_help_has_groups_in_the_order_of_a_day_s_work(run: Run) -> None:
    titles = [line.split()[1:-1] for line in run("--help").stdout.splitlines() if line.startswith("╭─")]
    assert [" ".join(words).strip("─ ") for words in titles][1:] == [
        "Deploy",
        "Operate",
        "Flags and keys",
        "Data",
        "Security",
        "Local",
    ]


@pytest.mark.parametrize("name", LISTS)
def test_each_command_has_one_line_that_fits_on_a_terminal_of_80_columns(
    name: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 80)
    shown = [line.strip("│ ") for line in run(*name.split(), "--help").stdout.splitlines()]
    for word in LISTS[name]:
        assert word.line.endswith(".")
        assert [line.split(maxsplit=1)[1] for line in shown if line.startswith(f"{word.name} ")] == [word.line]


@pytest.mark.parametrize("word", tuple(leaves(WORDS)), ids=lambda word: word.runs)
def test_each_name_that_is_imported_when_it_is_called_is_a_function_with_a_help(word: Word) -> None:
    module, _, name = word.runs.partition(":")
    function = getattr(importlib.import_module(f"{COMMANDS}.{module}"), name)
    assert inspect.isfunction(function)
    assert inspect.getdoc(function)
    assert module.endswith("command")


def test_no_command_is_there_twice_and_no_file_of_commands_is_forgotten() -> None:
    called = [word.runs for word in leaves(WORDS)]
    assert len(called) == len(set(called)) == len(EVERY)
    folder = ROOT / COMMANDS.replace(".", "/")
    files = {".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.rglob("command.py")}
    assert {runs.partition(":")[0] for runs in called} == files


def imported(*arguments: str, program: str = "from flagops.cli import main as run") -> set[str]:
    """The modules of a process that has called `ff` with these arguments."""
    script = (
        f"import json, sys\n{program}\ntry: run()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    return set(json.loads(result.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", ["--help", "flags --help", "db --help", "--version"])
def test_a_list_of_commands_imports_none_of_them(arguments: str) -> None:
    assert imported(*arguments.split()) & OF_COMMANDS == set()


def test_the_help_of_a_command_imports_nothing_heavy() -> None:
    """All in one process: what one of them imports is there in the end."""
    assert imported(program="from tests.commands import EVERY\ndef run(): assert EVERY") & HEAVY == set()


def test_serving_a_catalogue_imports_only_what_that_needs() -> None:
    """Up to the first answer: what reads deployed stacks and saved documents is for `--from` alone."""
    left_alone = {"httpx", "requests", "flagops.commands.flags.server", "flagops.commands.flags.serve.shape"}
    program = (
        "from pathlib import Path\n"
        "from flagops.commands.flags.serve import command, sources\n"
        "def run(): sources.source(Path('flags/catalogue.yaml'), None).load()"
    )
    assert imported(program=program) & {*HEAVY, *left_alone} == set()


# What evaluates the program, is the Pulumi CLI's engine, or asks what the program would make.
WITH_PULUMI = ("flagops/engines/", "flagops/evaluation/", "flagops/commands/render/", "flagops/stacks/left_out")
ROOTS = ("components", "flagops", "policies")


def imported_by(path: Path) -> Iterator[str]:
    """The modules of the house that a file imports, when it is imported itself or later by a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in ROOTS:
            yield node.module


def test_a_command_that_only_reads_settings_does_not_import_pulumi() -> None:
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "flagops").rglob("*.py")]
    without = [name for name in files if "/in_pod/" not in name and not name.startswith(WITH_PULUMI)]
    needed = {module for name in without for module in imported_by(ROOT / name)}
    light = sorted(module for module in needed if not module.replace(".", "/").startswith(WITH_PULUMI))
    program = f"import importlib\ndef run():\n for name in {light!r}: importlib.import_module(name)"
    assert {"components.settings", "components.settings.lock", "flagops.stacks.target"} <= set(light)
    assert imported(program=program) & {"pulumi", "pulumi_kubernetes"} == set()
