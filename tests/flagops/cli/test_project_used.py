"""What needs no project, and what follows from the one that was found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flagops.engines import for_stack
from flagops.engines.deployer import EngineName
from flagops.errors import NotFoundError
from flagops.local_cluster import pins
from flagops.project import VARIABLE
from flagops.stacks.files import load_stack
from flagops.stacks.target import StackTarget
from tests.flagops.cli.projects import FF, OURS, Run, made
from tests.recording import ROOT


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["up", "--help"],
        ["completion", "bash"],
        ["flags", "schema"],
        ["flags", "validate", "{catalogue}"],
        ["flags", "document", "{catalogue}", "--environment", "staging"],
        ["policy", "list"],
        ["policy", "check", "{manifest}"],
        ["cluster", "kubeconfig", "--env"],
        ["cluster", "status"],
        ["cluster", "down"],
    ],
    ids=" ".join,
)
def test_what_needs_no_project_runs_anywhere(
    words: list[str], run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FF_STATE_DIR", str(home / "state"))
    (home / "manifest.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n")
    catalogue = ROOT / "flags" / "catalogue.yaml"
    result = run(*[word.format(catalogue=catalogue, manifest=home / "manifest.yaml") for word in words])
    assert "project" not in result.stderr, result.stderr
    assert result.exit_code == (1 if words[:2] in (["cluster", "status"], ["cluster", "kubeconfig"]) else 0)


def test_the_catalogue_is_the_project_s_wherever_in_it_you_are(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "flags" / "catalogue.yaml").read_text(encoding="utf-8")
    for folder in ("p", "plain"):
        (home / folder / "flags").mkdir(parents=True)
        (home / folder / "flags" / "catalogue.yaml").write_text(text, encoding="utf-8")
    (made(home / "p") / "a" / "flags").mkdir(parents=True)
    (home / "p" / "a" / "flags" / "catalogue.yaml").write_text("broken: [ }", encoding="utf-8")

    def said(*words: str) -> str:
        result = run(*words)
        return (result.stdout + result.stderr).partition(" is right")[0].strip()

    for at, told in (("p", "flags/catalogue.yaml"), ("p/flags", "catalogue.yaml"), ("p/a", "../flags/catalogue.yaml")):
        monkeypatch.chdir(home / at)
        assert said("flags", "validate") == told
    assert "flags/catalogue.yaml:1:11: this is not valid YAML" in said("flags", "validate", "flags/catalogue.yaml"), (
        "what is typed counts from the working directory"
    )
    monkeypatch.chdir(home)
    assert said("--project", "p", "flags", "validate") == str(home / "p" / "flags" / "catalogue.yaml")
    for command in (["validate"], ["plan"], ["serve"], ["diff", "development", "staging"], ["export", "--only", "a"]):
        missing = said("flags", *command)
        assert "There is no catalogue at flags/catalogue.yaml.\nThere is no project here" in missing, command
        assert "name it: ff --project DIR …, or set FF_PROJECT." in missing, command
    with monkeypatch.context() as patched:
        for none in ("nowhere", "plain"):
            patched.setenv("FF_PROJECT", none)
            assert said("flags", "validate", "-c", "plain/flags/catalogue.yaml") == "plain/flags/catalogue.yaml"
            for command in (["validate", "typo.yaml"], ["export", "--only", "a", "--like", "typo.yaml"]):
                assert "There is no catalogue at typo.yaml.\nName another one" in said("flags", *command), none
    monkeypatch.chdir(home / "plain")
    assert said("flags", "validate") == "flags/catalogue.yaml"


def test_the_project_s_own_rules_and_exceptions_are_taken(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = (
        "from policies.model import Enforcement, Rule\n"
        "RULES = [Rule(id='mine', title='Mine', description='b.', enforcement=Enforcement.ADVISORY, remedy='c.',"
        " check=lambda objects: [])]\n"
    )
    (home / "p" / "policies" / "custom").mkdir(parents=True)
    (home / "p" / "policies" / "custom" / "mine.py").write_text(rule, encoding="utf-8")
    (home / "p" / "policies" / "exceptions.yaml").write_text("exceptions: broken\n", encoding="utf-8")
    made(home / "p")
    (home / "manifest.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n")
    assert "mine " not in run("policy", "list").stdout
    assert run("policy", "check", "manifest.yaml").exit_code == 0
    monkeypatch.setenv(VARIABLE, "p")
    assert "mine " in run("policy", "list").stdout
    assert "exceptions.yaml" in run("policy", "check", "manifest.yaml").stderr


def test_the_cluster_s_versions_are_those_of_the_project_and_else_of_ff(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pins.directory(pins.ETCD) == ROOT / "tools" / "etcd", "outside of a project"
    monkeypatch.chdir(made(home))
    assert pins.directory(pins.ETCD) == ROOT / "tools" / "etcd", "in a project without a program of its own"
    (home / "tools" / "etcd").mkdir(parents=True)
    with pytest.raises(NotFoundError, match=f"{home}/tools/etcd/go.mod is not there"):
        pins.version(pins.ETCD)
    (home / "tools" / "etcd" / "go.mod").write_text("require go.etcd.io/etcd/server/v3 v3.99.1\n")
    assert pins.version(pins.ETCD) == "v3.99.1"


def test_nothing_is_looked_for_when_commands_are_imported_and_scripts_come_with_the_package(home: Path) -> None:
    script = (
        "from tests.commands import EVERY\nassert EVERY\n"
        "from flagops.commands.db.administrator import as_administrator\n"
        "from flagops.commands.db.psql import external\n"
        "from flagops.version import describe\n"
        "print(external()[0], as_administrator('x')[0], describe())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: "nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.startswith("bash bash ")
    assert "(commit " in done.stdout


def test_the_pulumi_cli_is_told_which_project_it_is_of(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(home / "p", OURS, "blue")
    (home / "p" / "policies" / ".venv").mkdir(parents=True)
    (home / "p" / "policies" / for_stack.PACK_FILE).touch()
    monkeypatch.setenv(VARIABLE, "p")
    monkeypatch.setattr("flagops.engines.pulumi_cli.program.find_command", lambda **_: None)
    target = StackTarget(load_stack("blue", home / "p"), "blue")
    made_for = for_stack.deployer(target, EngineName.CLI, lambda _: None, install=False)
    assert vars(made_for)["root"] == home / "p"
    assert vars(made_for)["environment"][VARIABLE] == str(home / "p")
    assert vars(made_for)["policy_packs"] == (home / "p" / "policies",)
    assert vars(made_for)["review"] is None


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("ff status --stack ", {"blue"}),
        ("ff --project ../red status --stack ", {"red"}),
        ("ff --project nowhere status --stack ", set()),
        ("ff --project ../red flags explain --environment ", {"development", "staging", "production"}),
    ],
)
def test_completion_is_of_the_same_project(words: str, names: set[str], tmp_path: Path) -> None:
    for name in ("blue", "red"):
        made(tmp_path / name, OURS, name)
    (tmp_path / "red" / "flags").symlink_to(ROOT / "flags")
    (tmp_path / "blue" / "below").mkdir()
    at = tmp_path / "blue" / "below" if "--project" not in words else tmp_path / "blue"
    asking = {"_FF_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    done = subprocess.run([FF], cwd=at, env=environment | asking, capture_output=True, text=True, check=True)
    assert (set(done.stdout.split()), done.stderr) == (names, "")


# A kind: nothing else of `ff` takes the place of its code for the project.


def test_no_file_of_ff_looks_above_its_own_package() -> None:
    """But for `--version`, which is about the code, and the program, which is beside the package or in it."""
    climbing = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in (ROOT / "flagops").rglob("*.py")
        if "in_pod" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if "__file__" in line and ("parents[" in line or line.count(".parent") > 1)
    ]
    assert sorted(climbing) == [
        "flagops/program.py: DIRECTORY: Final = Path(components.__file__).parents[1]",
        "flagops/version.py: CHECKOUT = Path(__file__).parents[1]",
    ]
