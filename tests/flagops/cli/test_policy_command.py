"""`ff policy` as people type it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import Result

from tests.policies.manifests import container, deployment, ingress, pod
from tests.recording import ROOT

Run = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A Deployment that breaks two mandatory rules, and an Ingress without TLS."""
    path = tmp_path / "manifests.yaml"
    wrong = deployment(pod(container(image="flagsmith/flagsmith:latest")), replicas=2)
    path.write_text(yaml.safe_dump_all([wrong, ingress("flags.example.com"), None]), encoding="utf-8")
    return path


def test_check_prints_each_violation_and_fails(run: Run, file: Path) -> None:
    result = run("policy", "check", str(file))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [line.split(":")[1].strip() for line in lines[::2]] == [
        "image-tag",
        "disruption-budget",
        "ingress-tls-elsewhere",
    ]
    assert lines[0].startswith("mandatory: image-tag: Every image is named with a tag, and never `latest`. ")
    assert lines[1].startswith("  Deployment flags/flagsmith: spec.template.spec.containers")
    assert lines[4].startswith("advisory: ")


def test_a_rule_that_is_broken_in_many_places_is_told_once_with_the_first_few_and_all_with_verbose(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "many.json").write_text(
        json.dumps({"apiVersion": "v1", "kind": "List", "items": [ingress(f"{n}.example.com") for n in range(20)]}),
        encoding="utf-8",
    )
    few = run("policy", "check", str(tmp_path)).stdout.splitlines()
    assert few[0].startswith("advisory: ingress-tls-elsewhere, 20 times: ")
    assert (len(few), few[-1]) == (5, "  and 17 more: --verbose")
    assert len(run("policy", "check", str(tmp_path), "--verbose").stdout.splitlines()) == 21
    assert len(json.loads(run("policy", "check", str(tmp_path), "--json").stdout)["violations"]) == 20


def test_advisory_rules_alone_do_not_fail(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ingress.json").write_text(json.dumps(ingress("flags.example.com")), encoding="utf-8")
    result = run("policy", "check", str(tmp_path))
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2)


def test_production_asks_more_and_says_what_it_could_not_see(run: Run, file: Path) -> None:
    result = run("policy", "check", str(file), "--production", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["notChecked"] == ["protected-data"]
    by_rule = {item["rule"]: item for item in found["violations"]}
    assert set(by_rule) == {"image-tag", "image-digest", "disruption-budget", "production-replicas", "ingress-tls"}
    assert by_rule["production-replicas"] == {
        "rule": "production-replicas",
        "enforcement": "mandatory",
        "kind": "Deployment",
        "namespace": "flags",
        "name": "flagsmith",
        "path": "spec.replicas",
        "value": 2,
        "allowed": "at least 3",
        "remedy": "Raise `replicas`, or `autoscaling.minReplicas`.",
    }
    assert "Not checked: protected-data" in run("policy", "check", str(file), "--production").stderr


def test_a_list_is_taken_apart(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    listed = {"apiVersion": "v1", "kind": "List", "items": [deployment(pod(container(image="a")), replicas=1)]}
    path.write_text(yaml.safe_dump(listed), encoding="utf-8")
    assert "image-tag" in run("policy", "check", str(path)).stdout


def test_a_stack_is_checked_as_it_would_be_deployed(run: Run) -> None:
    result = run("policy", "check", "--stack", "local")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No rule is broken." in result.stderr


def test_rules_of_one_s_own_are_asked_too(run: Run, file: Path) -> None:
    own = str(ROOT / "examples" / "policies")
    assert "team-label" in run("policy", "check", str(file), "--policies", own).stdout
    listed = run("policy", "list", "--policies", own).stdout
    assert "team-label" in listed
    assert "team-label" not in run("policy", "list").stdout
    assert json.loads(run("policy", "list", "--json", "--policies", own).stdout)[-1]["id"] == "team-label"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Name either manifests, or a stack"),
        (("a.yaml", "--stack", "local"), "Name either manifests, or a stack"),
        (("--stack", "local", "--production"), "--production is for files"),
        (("--stack", "absent"), "There is no stack 'absent'"),
        (("absent.yaml",), "absent.yaml cannot be read: No such file or directory"),
        (("{empty}",), "holds no manifests"),
        (("{text}",), "no Kubernetes object"),
        (("{broken}",), "cannot be read: line 1: "),
        (("{file}", "--policies", "absent"), "absent is not a directory"),
        (("{file}", "--policies", "{bad}"), "has no list RULES"),
    ],
)
def test_wrong_input_is_named(run: Run, file: Path, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    places = {name: tmp_path / name for name in ("empty", "bad")}
    for place in places.values():
        place.mkdir()
    (places["bad"] / "own.py").write_text("", encoding="utf-8")
    for name, text in (("text", "hello: world"), ("broken", "a: ]")):
        places[name] = tmp_path / f"{name}.yaml"
        places[name].write_text(text, encoding="utf-8")
    result = run("policy", "check", *(argument.format(file=file, **places) for argument in arguments))
    assert result.exit_code == 1
    assert message in result.stderr


def test_a_rule_that_fails_is_told_with_its_object_and_nothing_is_well(run: Run, file: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "own.py").write_text(
        "from policies.model import Enforcement, Rule\n"
        "RULES = [Rule(id='own', title='a', description='b.', enforcement=Enforcement.ADVISORY, remedy='c.',"
        " check=lambda objects: 1 / 0)]\n",
        encoding="utf-8",
    )
    result = run("policy", "check", str(file), "--policies", str(rules))
    assert result.exit_code == 1
    assert "failed: own: Deployment flags/flagsmith: the rule itself failed, and judged nothing: ZeroDivisionError" in (
        result.stdout
    )
    assert "No rule is broken." not in result.stderr
    shown = json.loads(run("policy", "check", str(file), "--policies", str(rules), "--json").stdout)
    assert [item["rule"] for item in shown["failed"]] == ["own", "own"]
