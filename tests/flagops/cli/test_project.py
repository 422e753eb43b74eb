"""Which project `ff` works on: found from the working directory upwards, or told, and never guessed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from components.settings import PROJECT
from flagops import project
from flagops.engines import for_stack
from flagops.engines.deployer import EngineName
from flagops.errors import BadInputError, NotFoundError, OpsError, RefusedError
from flagops.local_cluster import pins
from flagops.project import FILE, NAME, VARIABLE, OutsideError
from flagops.stacks.files import load_stack
from flagops.stacks.target import StackTarget
from tests.recording import ROOT

Run = Callable[..., Result]
FF = Path(sys.executable).with_name("ff")
OURS = f"name: {NAME}\nruntime:\n  name: python\n"
STACK = "config:\n  host: flags.example.com\n  context: {context}\n  ingress: {{enabled: false}}\n"


def made(place: Path, text: str = OURS, *stacks: str) -> Path:
    """A folder with this Pulumi.yaml, and stacks of these names."""
    place.mkdir(parents=True, exist_ok=True)
    (place / FILE).write_text(text, encoding="utf-8")
    for name in stacks:
        (place / f"Pulumi.{name}.yaml").write_text(STACK.format(context=name), encoding="utf-8")
    return place


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory outside of any project, in which the test is."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stacks_of(run: Run, *options: str) -> str:
    """The stacks that a command says it knows."""
    result = run(*options, "render", "--stack", "nowhere", "--out", "never")
    assert result.exit_code == 1
    assert "There is no stack 'nowhere'" in result.stderr, result.stderr
    return result.stderr.strip().rpartition("the stacks here are: ")[2].rstrip(".")


def refused(run: Run, *words: str) -> str:
    """The one message of a command that does not find its project."""
    result = run(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("Error: ") == 1
    assert len(result.stderr.strip().splitlines()) == 2, result.stderr
    return result.stderr


# Found.


def test_the_name_is_that_of_the_settings() -> None:
    assert NAME == PROJECT
    assert f"name: {NAME}\n" in (ROOT / FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize("below", ["", "a", "a/b/c"])
def test_it_is_found_from_its_folder_and_from_each_below(
    below: str, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made(home / "p", OURS, "blue") / below).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(home / "p" / below)
    assert stacks_of(run) == "blue"
    assert project.root() == home / "p"


def test_it_is_not_where_ff_is_installed(run: Run, home: Path) -> None:
    assert "There is no project here" in refused(run, "render", "--out", str(home / "out"))
    assert "\nGo to the project's folder, or name it: ff --project DIR …, or set FF_PROJECT." in refused(run, "env")
    assert f"neither {home} nor a folder above it has the Pulumi.yaml of feature-flags" in refused(run, "env")


def test_the_nearest_of_two_is_taken(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(home / "outer", OURS, "big")
    monkeypatch.chdir(made(home / "outer" / "inner", OURS, "small"))
    assert stacks_of(run) == "small"
    monkeypatch.chdir("..")
    assert stacks_of(run) == "big"


def test_what_is_told_wins_over_where_you_are_and_the_option_over_the_variable(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here", "variable", "option"):
        made(home / name, OURS, name)
    monkeypatch.chdir(home / "here")
    assert stacks_of(run) == "here"
    monkeypatch.setenv(VARIABLE, str(home / "variable"))
    assert stacks_of(run) == "variable"
    assert stacks_of(run, "--project", str(home / "option")) == "option"
    assert stacks_of(run, "--project", "../option") == "option"
    assert stacks_of(run) == "variable", "an option holds for its own run"
    monkeypatch.setenv(VARIABLE, "../option")
    assert stacks_of(run) == "option"
    monkeypatch.setenv(VARIABLE, "")
    assert stacks_of(run) == "here"


def test_the_option_before_the_word_is_not_the_word_s_own(run: Run, home: Path) -> None:
    made(home / "p")
    result = run("--project", "p", "flags", "export", "--project", "Feature Flags", "--stack", "nowhere")
    assert "There is no stack 'nowhere'" in result.stderr


def test_it_is_looked_for_once_in_a_run_however_it_changes_directories(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made(home / "one"))
    made(home / "two")
    project.begin("../two")
    try:
        monkeypatch.chdir(home)
        assert project.root() == home / "two"
        monkeypatch.setenv(VARIABLE, "one")
        assert project.root() == home / "two"
    finally:
        project.end()
    assert project.root() == home / "one"


@pytest.mark.parametrize(
    "text",
    [
        "name: feature-flags\nruntime: python\n",
        "name: feature-flags\nruntime:\n  name: python\n  options: {virtualenv: .venv}\nmain: .\n",
        "# ours\nname: 'feature-flags'\nruntime: python\nmain: ./\ndescription: x\n",
    ],
)
def test_what_is_ours(text: str, run: Run, home: Path) -> None:
    made(home, text, "blue")
    assert stacks_of(run) == "blue"


# Links.


def test_a_link_into_a_project_leads_to_that_project_s_folders(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made(home / "p", OURS, "blue") / "below").mkdir()
    made(home / "other", OURS, "red")
    (home / "other" / "link").symlink_to(home / "p" / "below")
    monkeypatch.chdir(home / "other" / "link")
    assert stacks_of(run) == "blue", "as git has it: where the folder is, not how you came there"
    (home / "named").symlink_to(home / "p")
    assert stacks_of(run, "--project", str(home / "named")) == "blue"


def test_a_project_whose_file_is_a_link_is_where_the_link_is(run: Run, home: Path) -> None:
    made(home / "real", OURS, "red")
    made(home / "p", OURS, "blue")
    (home / "p" / FILE).unlink()
    (home / "p" / FILE).symlink_to(home / "real" / FILE)
    assert stacks_of(run, "--project", "p") == "blue"


# Somebody else's, and broken.


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name: shop\nruntime: python\n", "its name is 'shop' and not feature-flags."),
        ("name: feature-flags\nruntime: nodejs\n", "its runtime is 'nodejs' and not python."),
        ("name: feature-flags\nruntime: {name: go}\n", "its runtime is 'go' and not python."),
        ("name: feature-flags\nruntime: {}\n", "it has no runtime."),
        ("name: feature-flags\nruntime: python\nmain: infra/\n", "its main is 'infra/', and the program is in the"),
        ("name: feature-flags\nruntime: python\nmain: [a]\n", "its main is "),
        ("name: [1]\nruntime: 5\n", "; its runtime is 5 and not python."),
        ("", "it has no name; it has no runtime."),
    ],
)
def test_another_program_s_is_named_with_the_reason(text: str, why: str, run: Run, home: Path) -> None:
    made(home, text)
    said = refused(run, "env")
    assert f"There is no project here: {home / FILE} is another program's: " in said
    assert why in said
    assert f"--project '{home}' is not a project: {home / FILE} is another program's: " in refused(
        run, "--project", str(home), "env"
    )


def test_another_program_s_within_ours_is_not_passed_over(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(home / "ours", OURS, "blue")
    monkeypatch.chdir(made(home / "ours" / "theirs", "name: shop\nruntime: go\n"))
    said = refused(run, "up", "--yes")
    assert "ours/theirs/Pulumi.yaml is another program's: its name is 'shop'" in said
    assert f"The project above it is taken if you name it: ff --project {home / 'ours'} …" in said
    assert stacks_of(run, "--project", "..") == "blue"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"name: [ }", r"cannot be read: line 1"),
        (b"\xff\xfe", "is not UTF-8 text."),
        (b"- 1\n", "must be a mapping of keys to values."),
        (b"name: &a [*a]\n", "cannot be read: "),
        (b"name: " + b"x" * 200_000, "cannot be read: it has more than 128 KiB"),
    ],
)
def test_a_broken_one_decides_too(text: bytes, why: str, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(home / "ours", OURS, "blue")
    monkeypatch.chdir(made(home / "ours" / "broken"))
    Path(FILE).write_bytes(text)
    result = run("env")
    assert result.exit_code == 1
    assert str(home / "ours" / "broken" / FILE) in result.stderr
    assert why in result.stderr


@pytest.mark.parametrize("kind", ["directory", "pipe", "link to nothing", "link to itself"])
def test_what_is_no_file_is_told(kind: str, run: Run, home: Path) -> None:
    path = home / FILE
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(home / ("nothing" if kind == "link to nothing" else FILE))
    result = run("env")
    assert result.exit_code == 1
    assert f"Error: {path} " in result.stderr
    with pytest.raises(OpsError):
        project.root_or_none()


def test_a_folder_that_cannot_be_looked_into_is_not_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(home)
    (home / "closed").mkdir()
    plain = Path.lstat

    def closed(path: Path) -> os.stat_result:
        if path.parent.name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return plain(path)

    monkeypatch.setattr(Path, "lstat", closed)
    monkeypatch.chdir(home / "closed")
    with pytest.raises(BadInputError, match=r"closed/Pulumi\.yaml cannot be read: Permission denied"):
        project.root()


def test_a_file_that_cannot_be_read_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(home) / FILE

    def unreadable(*_: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("components.text.bounds.text_of", unreadable)
    with pytest.raises(BadInputError, match=r"Pulumi\.yaml cannot be read: Permission denied"):
        project.root()


def test_what_another_user_left_above_you_is_not_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(home)
    (home / "mine").mkdir()
    monkeypatch.setattr("os.getuid", lambda: 4711)
    monkeypatch.chdir(home / "mine")
    owner = (home / FILE).lstat().st_uid
    if owner == 0:
        os.chown(home / FILE, 1234, -1)
    with pytest.raises(RefusedError, match="belongs to another user") as error:
        project.root()
    assert f"--project {home}" in str(error.value.hint)
    monkeypatch.setenv(VARIABLE, str(home))
    assert project.root() == home, "who names it trusts it"
    monkeypatch.delenv(VARIABLE)
    monkeypatch.chdir(home)
    assert project.root() == home, "who goes there too"


# Told wrongly.


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("nowhere", "'nowhere' is not there."),
        ("p/Pulumi.yaml", "'p/Pulumi.yaml' is a file."),
        ("p/below", "'p/below' is not a project: it has no Pulumi.yaml."),
        ("empty", "'empty' is not a project: it has no Pulumi.yaml."),
        ("circle", "'circle' cannot be read: "),
        ("x" * 300, "cannot be read: File name too long."),
    ],
)
def test_a_wrong_folder_is_told_and_no_other_taken(
    named: str, why: str, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made(home / "p", OURS, "blue") / "below").mkdir()
    (home / "empty").mkdir()
    (home / "circle").symlink_to(home / "circle")
    said = run("--project", named, "env").stderr
    assert said.startswith("Error: --project ")
    assert why in said
    assert run("--project", named, "flags", "schema").exit_code == 1, "what is typed is checked where none is needed"
    monkeypatch.setenv(VARIABLE, named)
    said = run("env").stderr
    assert said.startswith("Error: FF_PROJECT ")
    assert why in said
    if "below" in named:
        assert f"ff --project {home / 'p'} …" in said
    assert run("flags", "schema").exit_code == 0
    with pytest.raises((NotFoundError, BadInputError)) as error:
        project.root_or_none()
    assert not isinstance(error.value, OutsideError), "a wrong word is never as good as none"


def test_an_empty_or_impossible_option_is_refused(run: Run, home: Path) -> None:
    made(home, OURS, "blue")
    assert "Error: --project is empty." in run("--project", "", "env").stderr
    assert "Error: --project holds a zero byte." in run("--project", "a\0b", "env").stderr
    assert run("--project").exit_code == 2


def test_a_working_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    p = made(tmp_path / "p", OURS, "blue")
    script = 'rmdir "$PWD"; shift 0; exec "$@"'
    environment = {**os.environ, "COLUMNS": "400"}
    environment.pop(VARIABLE, None)

    def ff(*words: str) -> subprocess.CompletedProcess[str]:
        gone.mkdir(exist_ok=True)
        command = ["sh", "-c", script, "sh", str(FF), *words]
        return subprocess.run(command, cwd=gone, env=environment, capture_output=True, text=True, check=False)

    assert "Error: There is no project to find: the working directory" in ff("env").stderr
    assert ff("--version").returncode == 0
    named = ff("--project", str(p), "env", "--stack", "nowhere")
    assert "the stacks here are: blue" in named.stderr, named.stderr


def test_a_folder_with_a_strange_name_is_told_in_letters_that_can_be_seen(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = Path(os.fsdecode(os.fsencode(home) + b"/o\xffdd\x1b[31m"))
    strange.mkdir()
    assert run("--project", str(strange), "env").exit_code == 1
    monkeypatch.chdir(strange)
    said = refused(run, "env")
    assert "/o\\udcffdd\\x1b[31m nor a folder above it" in said
    assert "\x1b" not in said


# What needs none, and what follows.


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
    assert "flags/catalogue.yaml:1: this is not valid YAML" in said("flags", "validate", "flags/catalogue.yaml"), (
        "what is typed counts from the working directory"
    )
    monkeypatch.chdir(home)
    assert said("--project", "p", "flags", "validate") == str(home / "p" / "flags" / "catalogue.yaml")
    assert "There is no catalogue at flags/catalogue.yaml." in said("flags", "validate")
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


def test_the_cluster_s_versions_are_those_of_the_project(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutsideError):
        pins.version(pins.ETCD)
    monkeypatch.chdir(made(home))
    with pytest.raises(NotFoundError, match=f"{home}/tools/etcd/go.mod is not there"):
        pins.version(pins.ETCD)
    (home / "tools" / "etcd").mkdir(parents=True)
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
    monkeypatch.setenv(VARIABLE, "p")
    monkeypatch.setattr("flagops.engines.pulumi_cli.deployer.find_command", lambda **_: None)
    target = StackTarget(load_stack("blue", home / "p"), "blue")
    made_for = for_stack.deployer(target, EngineName.CLI, lambda _: None, install=False)
    assert vars(made_for)["root"] == home / "p"
    assert vars(made_for)["environment"][VARIABLE] == str(home / "p")
    assert vars(made_for)["policy_packs"] == (home / "p" / "policies",)


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
    """But for `--version`, which is about the code."""
    climbing = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in (ROOT / "flagops").rglob("*.py")
        if "in_pod" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if "__file__" in line and ("parents[" in line or line.count(".parent") > 1)
    ]
    assert climbing == ["flagops/version.py: CHECKOUT = Path(__file__).parents[1]"]
