"""A new project: it passes every check of `ff`, and asks for what it was not told."""

import ast
from pathlib import Path

import pytest
import yaml

from components.text import quoting
from flagops.commands.init.answers import staging_host
from flagops.pin import pinned
from flagops.stacks.files import load_stack, stack_names
from flagops.version import release
from tests.flagops.commands.init.support import MINIMAL, SOURCE, Run, content, made

pytestmark = pytest.mark.usefixtures("evaluated_once")
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
    made(run, tmp_path / "b", "--platform", f"feature-flags @ git+ssh://git@git.example.com/flags@v{release()}")
    assert f"git+ssh://git@git.example.com/flags@v{release()}" in (tmp_path / "b" / "requirements.txt").read_text(
        "utf-8"
    )


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
    odd = 'a: "b" # c `reboot` {{ x }} [[ a.host ]]'
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


def test_what_looks_like_a_number_is_text_everywhere(run: Run, tmp_path: Path) -> None:
    """YAML 1.1 takes `1e3` for text, and Pulumi's parser for a number."""
    place = tmp_path / "p"
    made(run, place, "--context", "1e3", "--controller", "0o17", "--issuer", "12e1", "--name", "1e3")
    settings = load_stack("production", place).settings
    assert (settings.context, settings.ingress.class_name, settings.admin.project) == ("1e3", "0o17", "1e3")
    assert run("init", str(place), "--upgrade").exit_code == 0, "the record is read too"


@pytest.mark.parametrize("name", ["[red]a[/red]", "a\nb", "\u202eab", "a\udcff", "a'\"$b", "#%: \\"])
def test_a_folder_may_have_any_name(name: str, run: Run, tmp_path: Path) -> None:
    """What a terminal would obey, or cannot show, is shown as its code."""
    said = made(run, tmp_path / name).stderr
    assert f" are in {quoting.printable(str(tmp_path / name))}." in said.replace("\n", "")
    assert set(content(tmp_path / name)) == MINIMAL


def test_within_another_repository_it_says_that_its_workflows_do_not_run(run: Run, tmp_path: Path) -> None:
    (tmp_path / "all" / ".git").mkdir(parents=True)
    said = made(run, tmp_path / "all" / "flags").stderr
    assert f"It is within the repository {tmp_path / 'all'}, and workflows are looked for at the top" in said
    assert "within the repository" not in made(run, tmp_path / "all" / "other", "--ci", "none").stderr
    (tmp_path / "all" / "own" / ".git").mkdir(parents=True)
    assert "within the repository" not in made(run, tmp_path / "all" / "own").stderr


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
