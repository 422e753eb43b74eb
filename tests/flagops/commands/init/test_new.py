"""A new project: it passes every check of `ff`, and a wrong answer leaves nothing behind."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flagops.commands.init import new
from flagops.commands.init.answers import staging_host
from flagops.pin import pinned
from flagops.stacks.files import load_stack, stack_names
from flagops.version import release
from tests.flagops.commands.init.support import NEEDED, SOURCE, Run, content, made

MINIMAL = {
    ".ff-init.yaml",
    ".github/actions/log-in/action.yml",
    ".github/actions/setup/action.yml",
    ".github/workflows/deploy-stack.yml",
    ".github/workflows/deploy.yml",
    ".github/workflows/pull-request.yml",
    ".gitignore",
    "Pulumi.local.yaml",
    "Pulumi.production.yaml",
    "Pulumi.staging.yaml",
    "Pulumi.yaml",
    "README.md",
    "__main__.py",
    "flags/catalogue.yaml",
    "requirements.txt",
}
VARIANTS = {
    "minimal": (),
    "full": ("--template", "full", "--ci", "gitlab", "--cloud", "aws", "--backend", "s3://state/flags"),
    "team": ("--team", "shop", "--name", "Shop: the flags", "--staging-context", "other"),
    "balancer": ("--controller", "alb", "--controller-networks", "10.20.0.0/16", "--ci", "none"),
    "google": ("--controller", "gce", "--template", "full", "--cloud", "gcp", "--backend", "gs://state"),
    "own controller": ("--controller", "internal", "--controller-namespace", "edge", "--issuer", "our-ca"),
}


@pytest.mark.parametrize("options", VARIANTS.values(), ids=list(VARIANTS))
def test_what_it_writes_passes_every_check(options: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    place = tmp_path / "project"
    made(run, place, *options)
    project = ("--project", str(place))
    assert run(*project, "flags", "validate", "--strict").exit_code == 0
    names = stack_names(place)
    assert len(names) == 3
    for name in names:
        result = run(*project, "policy", "check", "--stack", name)
        assert result.exit_code == 0, result.stdout + result.stderr
        result = run(*project, "render", "--stack", name, "--out", str(tmp_path / "out" / name))
        assert result.exit_code == 0, result.stderr
    assert not list(place.glob("**/.ff-init-*")), "no draft is left"


def test_minimal_has_what_the_readme_says(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "new" / "project"
    result = made(run, place)
    assert set(content(place)) == MINIMAL
    readme = (place / "README.md").read_text(encoding="utf-8")
    for command in ("ff render --stack staging --out out", "ff cluster up", "ff up --stack local"):
        assert f"$ {command}" in readme
        assert f"  {command}\n" in result.stderr
    assert result.stdout.strip() == str(place / "README.md")
    ast.parse((place / "__main__.py").read_text(encoding="utf-8"))


def test_it_pins_the_release(run: Run, tmp_path: Path) -> None:
    made(run, tmp_path / "a")
    pin = pinned(tmp_path / "a")
    assert pin is not None
    assert (pin.requirement, pin.is_met()) == (SOURCE.replace("0.1.0", release()), True)
    made(run, tmp_path / "b", "--platform", "feature-flags @ git+ssh://git@git.example.com/flags@v3.0.0")
    assert "git+ssh://git@git.example.com/flags@v3.0.0" in (tmp_path / "b" / "requirements.txt").read_text("utf-8")


def test_the_instances_of_teams_share_a_cluster_and_no_name(run: Run, tmp_path: Path) -> None:
    own = []
    for team in ((), ("--team", "shop"), ("--team", "video")):
        place = tmp_path / "-".join(["p", *team[1:]])
        made(run, place, *team)
        stacks = [load_stack(name, place) for name in stack_names(place) if name != "local"]
        own += [(stack.name, stack.settings.context, stack.settings.namespace.name) for stack in stacks]
    assert len({(context, namespace) for _, context, namespace in own}) == len(own) == 6
    assert len({name for name, _, _ in own}) == 6


def test_values_are_written_as_yaml_and_never_into_a_script(run: Run, tmp_path: Path) -> None:
    odd = 'a: "b" # c $(reboot) ${{ x }}'
    made(run, tmp_path / "p", "--context", odd, "--staging-context", "yes", "--name", "#1")
    production = yaml.safe_load((tmp_path / "p" / "Pulumi.production.yaml").read_text("utf-8"))["config"]
    staging = yaml.safe_load((tmp_path / "p" / "Pulumi.staging.yaml").read_text("utf-8"))["config"]
    assert production["feature-flags:context"] == odd
    assert staging["feature-flags:context"] == "yes"
    assert staging["feature-flags:admin"] == {"organisation": "#1", "project": "#1"}
    for path in (tmp_path / "p" / ".github").rglob("*.yml"):
        text = yaml.safe_load(path.read_text("utf-8"))
        steps = [step for job in text.get("jobs", {}).values() for step in job.get("steps", [])]
        assert not [step for step in steps if "reboot" in step.get("run", "")]


@pytest.mark.parametrize(
    ("host", "expected"),
    [("flags.example.com", "flags.staging.example.com"), ("example.com", "staging.example.com")],
)
def test_the_usual_name_of_staging(host: str, expected: str) -> None:
    assert staging_host(host) == expected


# Asking.


def test_it_asks_for_host_cluster_and_controller(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flagops.commands.init.command.is_terminal", lambda: True)
    result = run("init", str(tmp_path / "p"), given="flags.example.com\nmine\n\n")
    assert result.exit_code == 0, result.stderr
    for question in ("public name", "kubectl config get-contexts", "kubectl get ingressclass"):
        assert question in result.stderr
    settings = load_stack("production", tmp_path / "p").settings
    assert (settings.host, settings.context) == ("flags.example.com", "mine")
    assert settings.ingress.class_name == "traefik"


def test_without_a_terminal_it_names_the_option(run: Run, tmp_path: Path) -> None:
    result = run("init", str(tmp_path / "p"), "--host", "flags.example.com")
    assert result.exit_code == 1
    assert "Error: --context is needed, and there is no terminal to ask on." in result.stderr
    assert not (tmp_path / "p").exists()


# Refusing.


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "https://flags.example.com"), "--host 'https://flags.example.com' must be a DNS name such as"),
        (("--host", "localhost"), "--host 'localhost' must be a DNS name"),
        (("--staging-host", "flags.example.com"), "must be another name than --host"),
        (("--context", " "), "--context ' ' must not be empty"),
        (("--controller", "Traefik!"), "--controller 'Traefik!' must be the name of a Kubernetes object"),
        (("--controller", "alb"), "--controller alb is a load balancer without pods: give the addresses"),
        (("--controller-networks", "10.0.0.300/8"), "--controller-networks "),
        (("--controller-namespace", "Edge"), "--controller-namespace 'Edge' must be the name"),
        (("--team", "Shop"), "--team 'Shop' must be at most 20 lower-case letters"),
        (("--team", "a" * 21), "must be at most 20"),
        (("--name", ""), "--name '' must not be empty"),
        (("--issuer", "a b"), "--issuer 'a b' must be the name"),
        (("--backend", "ftp://state"), "--backend 'ftp://state' must be pulumi-cloud, or a bucket"),
        (("--backend", "s3://state\nx: y"), "must be pulumi-cloud, or a bucket"),
        (("--platform", "feature-flags"), "names no release"),
        (("--platform", "requests==2"), "is no requirement of feature-flags"),
        (("--platform", "feature-flags==1\nevil==2"), "is no requirement of feature-flags"),
        (
            ("--platform", "feature-flags @ git+https://me:secret@git.example.com/f@v1.0.0"),
            "--platform holds a password",
        ),
        (("--platform", "./feature_flags-9.0-py3-none-any.whl"), "is not there"),
    ],
    ids=lambda value: "_".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_a_wrong_answer_is_one_sentence_and_nothing_is_written(
    options: tuple[str, ...], said: str, run: Run, tmp_path: Path
) -> None:
    result = made(run, tmp_path / "a" / "b", *options, code=1)
    assert said in result.stderr
    assert result.stderr.count("Error: ") == 1
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "a").exists()
    assert "secret" not in result.stderr.replace("--platform holds", "")


def test_a_folder_with_files_is_refused_and_left(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    before = content(tmp_path)
    result = made(run, tmp_path, code=1)
    assert f"Error: {tmp_path} is not empty: it has mine.txt. Nothing was written." in result.stderr
    assert "ff init --upgrade" in result.stderr
    assert content(tmp_path) == before


def test_a_new_repository_is_as_good_as_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".ff-init-killed").mkdir()
    (tmp_path / "LICENSE").write_text("mine", encoding="utf-8")
    made(run, tmp_path)
    assert (tmp_path / "LICENSE").read_text(encoding="utf-8") == "mine"
    assert set(content(tmp_path)) == MINIMAL | {"LICENSE"}


def test_a_file_in_place_of_the_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"Error: {tmp_path / 'file'} is a file, or below one." in made(run, tmp_path / "file", code=1).stderr
    assert "is a file, or below one." in made(run, tmp_path / "file" / "below", code=1).stderr


@pytest.mark.parametrize("there", [True, False])
def test_what_fails_half_way_leaves_nothing(
    there: bool, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "a" / "project"
    if there:
        (place / ".git").mkdir(parents=True)
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if self.name == "README.md":
            raise PermissionError(13, "Permission denied", str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    result = made(run, place, code=1)
    assert f"Error: No project can be made in {place}: Permission denied." in result.stderr
    assert [path.name for path in tmp_path.rglob("*")] == (["a", "project", ".git"] if there else [])


def test_settings_that_the_platform_refuses_leave_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = new.check

    def odd(draft: Path) -> None:
        path = draft / "Pulumi.staging.yaml"
        path.write_text(path.read_text("utf-8") + "  feature-flags:replicas: 0\n", encoding="utf-8")
        check(draft)

    monkeypatch.setattr(new, "check", odd)
    result = made(run, tmp_path / "p", code=1)
    assert (
        'Error: The platform refuses the settings of the stack staging:\nfeature-flags:replicas = "0"' in result.stderr
    )
    assert not (tmp_path / "p").exists()


def test_an_interrupt_half_way_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom flagops.cli import app\nrename = Path.rename\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # who started the tests may ignore it
        "def stop(self, target):\n    if self.name == 'README.md':\n        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return rename(self, target)\nPath.rename = stop\napp(sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", script, "init", str(tmp_path / "p"), *NEEDED]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_files_have_the_usual_modes(run: Run, tmp_path: Path) -> None:
    made(run, tmp_path / "p")
    for path in (tmp_path / "p").rglob("*"):
        assert path.stat().st_mode & 0o777 in (0o755, 0o644), path
