"""What is not known in a preview breaks no rule and stops none, and what it leaves open is said."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from components.text.plain_secrets import secret_in
from components.text.secret_forms import secret_form
from flagops.evaluation.policy_objects import of_program
from policies.check import Report, check
from policies.exceptions import Excepted, exceptions
from policies.model import Enforcement, Finding, Object, Objects, Rule, Scope
from policies.rules import RULES, secrets
from policies.unknown import Unknown, UnknownUsedError, apart, texts, unknowns, watched, watching
from tests.components.registering import WHOLE
from tests.policies.manifests import (
    Path,
    autoscaler,
    budget,
    config_map,
    container,
    cron_job,
    deployment,
    ingress,
    places,
    pod,
    put,
    rule,
)
from tests.recording import record

SINGLE = [item for item in RULES if item.scope is Scope.OBJECT]
TOGETHER = [item for item in RULES if item.scope is Scope.STACK]
OF_SEVERAL = ("Deployment", "StatefulSet", "ReplicaSet", "HorizontalPodAutoscaler", "PodDisruptionBudget")
SECRET_FORM, SECRET_IN = cache(secret_form), cache(secret_in)
PARTS = 6  # of all objects, so that they may be tried at once
FIXED = (("apiVersion",), ("kind",))  # what Pulumi's SDK writes itself


@pytest.fixture(autouse=True)
def _texts_are_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same texts are in ten thousand manifests here, which differ by one field each."""
    monkeypatch.setattr(secrets, "secret_form", SECRET_FORM)
    monkeypatch.setattr(secrets, "secret_in", told)


def told(name: str, value: Any) -> str | None:
    """As the rules tell it; a number is no text, and would be known as what is equal to it."""
    return SECRET_IN(name, value) if isinstance(value, str) else secret_in(name, value)


@cache
def objects(name: str) -> Objects:
    stack, overrides = WHOLE[name]
    return of_program(record(stack, overrides).program, production=stack == "production")


@cache
def distinct() -> tuple[tuple[Object, bool], ...]:
    """Every object of every stack, and whether it is production's; the same one once."""
    found: dict[str, tuple[Object, bool]] = {}
    for name in WHOLE:
        for item in objects(name):
            found.setdefault(f"{item.manifest}{objects(name).production}", (item, objects(name).production))
    return tuple(found.values())


def unknown(item: Object, *paths: Path) -> Object:
    """The object with these places not known."""
    manifest = item.manifest
    for path in paths:
        manifest = put(manifest, path, Unknown(str(item), ".".join(map(str, path))))
    return Object(watched(manifest), item.protected, "logical")


def asked(item: Object, rules: list[Rule], *, production: bool, around: tuple[Object, ...] = ()) -> Report:
    return check(Objects((item, *around), production), rules, exceptions())


def fields(item: Object) -> list[Path]:
    return [path for path in places(item.manifest) if path not in FIXED]


def leaves(item: Object) -> list[Path]:
    paths = fields(item)
    inner = {path[:-1] for path in paths}
    return [path for path in paths if path not in inner]


def assert_open(report: Report, place: object) -> None:
    """No rule failed, and none is broken for certain but an advisory one."""
    assert report.failures == (), place
    assert report.of(Enforcement.MANDATORY) == (), place


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_field_of_an_object_is_not_known_no_rule_takes_it_for_wrong(part: int) -> None:
    assert len(distinct()) > 100
    for item, production in distinct()[part::PARTS]:
        for path in fields(item):
            assert_open(asked(unknown(item, path), SINGLE, production=production), (str(item), path))


def test_objects_of_which_nothing_is_known_break_no_rule() -> None:
    for item, production in distinct():
        whole = [path for path in fields(item) if len(path) == 1]
        below_metadata = [path for path in fields(item) if len(path) == 2 and path[0] == "metadata"]
        rest = [path for path in whole if path != ("metadata",)]
        for paths in (whole, leaves(item), [*rest, *below_metadata]):
            blank = unknown(item, *paths)
            assert str(blank).endswith("logical")
            assert_open(asked(blank, SINGLE, production=production), str(item))


@pytest.mark.parametrize("name", WHOLE)
def test_whatever_is_not_known_of_what_belongs_together_no_rule_takes_it_for_wrong(name: str) -> None:
    stack = objects(name)
    several = [item for item in stack if item.kind in OF_SEVERAL]
    judged = 0
    for item in several:
        others = tuple(other for other in several if other is not item)
        for path in fields(item):
            if path[:3] == ("spec", "template", "spec") and len(path) > 3:
                continue  # what is in a pod is no concern of theirs
            report = asked(unknown(item, path), TOGETHER, production=stack.production, around=others)
            assert_open(report, (str(item), path))
            judged += bool(report.unjudged)
    assert judged > 10
    blank = tuple(unknown(item, *leaves(item)) for item in several)
    assert_open(check(Objects(blank, stack.production), TOGETHER, exceptions()), name)


def test_what_is_certain_is_found_beside_what_is_not_known() -> None:
    two = deployment(pod(container(image="a:latest"), container(name="other", image="b:latest")), replicas=2)
    subject = unknown(Object(two), ("spec", "template", "spec", "containers", 0, "image"))
    report = asked(subject, [rule("image-tag")], production=True)
    assert [item.finding.path for item in report.violations] == ["spec.template.spec.containers[other].image"]
    assert [(item.rule.id, item.owner, item.path) for item in report.unjudged] == [
        ("image-tag", "Deployment flags/flagsmith", "spec.template.spec.containers.0.image")
    ]
    secret = {"name": "API_TOKEN", "value": "hunter2"}
    leaking = Object(deployment(pod(container(env=[{"name": "A", "value": "b"}, secret], args=["x", "--key=abc"]))))
    for path in leaves(leaking):
        if "env" not in path or path[-2:] in ((0, "value"), (0, "name")):
            report = asked(unknown(leaking, path), [rule("plain-secret")], production=True)
            assert report.violations, path


BROKEN = (
    deployment(
        pod(container(securityContext={"privileged": True}, image="a", env=[{"name": "KEY_TOKEN", "value": "x"}]))
    ),
    cron_job(pod(hostNetwork=True, automountServiceAccountToken=True, serviceAccountName="default")),
    ingress("flags.example.com", tls=[{"hosts": ["other.example.com"]}]),
    config_map({"example.com/token": "hunter2"}, db_password="hunter2", url="redis://:hunter2@cache:6379"),
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "type": "Opaque"},
)
# Whatever it turns out to be: what Kubernetes would take there, and what it would not.
TURNS_OUT: tuple[Any, ...] = (None, "", "text", "a:1", 0, 3, True, False, [], {}, ["ALL"], {"name": "flagsmith"})


@pytest.mark.parametrize("manifest", BROKEN, ids=lambda manifest: str(manifest["kind"]))
def test_a_violation_that_is_told_in_a_preview_stands_whatever_the_value_turns_out_to_be(
    manifest: Mapping[str, Any],
) -> None:
    item = Object(deepcopy(dict(manifest)), protected=False)
    certain = 0
    for path in fields(item):
        told = {(v.rule.id, v.finding.path) for v in asked(unknown(item, path), SINGLE, production=True).violations}
        certain += len(told)
        for value in (*TURNS_OUT, at(item.manifest, path)):
            then = asked(Object(put(item.manifest, path, value), protected=False), SINGLE, production=True)
            if not then.failures:
                found = {(v.rule.id, v.finding.path) for v in then.violations}
                assert told <= found or named_by(path), (path, value, told - found)
    assert certain > 0


def at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def named_by(path: Path) -> bool:
    """Whether a place is a name, by which the paths of findings go."""
    return path[-1] == "name"


def with_budget(**spec: Any) -> tuple[Object, ...]:
    return Object(deployment(replicas=3)), Object(autoscaler(3)), Object(budget(**(spec or {"maxUnavailable": 1})))


@pytest.mark.parametrize(
    ("number", "path", "waiting"),
    [
        (0, ("spec", "replicas"), set()),  # an autoscaler rules it
        (0, ("spec", "template", "metadata", "labels"), {"disruption-budget", "evictions"}),
        (0, ("metadata", "labels"), {"production-replicas"}),
        (1, ("spec", "minReplicas"), {"disruption-budget", "evictions", "production-replicas"}),
        (2, ("spec", "maxUnavailable"), {"evictions"}),
        (2, ("spec", "selector"), {"disruption-budget", "evictions"}),
        (2, ("metadata", "namespace"), {"disruption-budget", "evictions"}),
        (2, ("metadata", "labels"), set()),
    ],
)
def test_rules_of_several_objects_say_what_they_wait_for(number: int, path: Path, waiting: set[str]) -> None:
    items = list(with_budget())
    if not at_all(items[number].manifest, path):
        items[number] = Object(put_all(items[number].manifest, path))
    items[number] = unknown(items[number], path)
    report = check(Objects(tuple(items), production=True), TOGETHER)
    assert_open(report, path)
    assert {item.rule.id for item in report.unjudged} == waiting


def at_all(value: Any, path: Path) -> bool:
    try:
        at(value, path)
    except KeyError:
        return False
    return True


def put_all(value: Any, path: Path) -> Any:
    made = deepcopy(dict(value))
    made[path[0]][path[1]] = None
    return made


def test_a_rule_that_is_lifted_by_name_waits_for_the_name() -> None:
    lifted = [Excepted("policy", "image-tag", ("Deployment/flag*",), "why")]
    subject = Object(deployment(pod(container(image="a"))))
    assert check(Objects((subject,)), [rule("image-tag")], lifted).violations == ()
    nameless = unknown(subject, ("metadata", "name"))
    report = check(Objects((nameless,)), [rule("image-tag")], lifted)
    assert report.violations == ()
    assert [item.path for item in report.unjudged] == ["metadata.name"]
    assert len(check(Objects((nameless,)), [rule("image-tag")]).violations) == 1


def own(check_: Any, scope: Scope = Scope.OBJECT) -> Rule:
    """A rule as an operator would write one."""
    return Rule(
        id="own", title="a", description="b.", enforcement=Enforcement.MANDATORY, remedy="c.", check=check_, scope=scope
    )


def by_identity(items: Objects) -> Iterator[Finding]:
    for item in items:
        if item.metadata.get("annotations") is not None and item.metadata["annotations"] is not True:
            yield Finding(item, "metadata.annotations", "something", "true")


def by_copies(items: Objects) -> Iterator[Finding]:
    for item in items:
        if len({**item.metadata, **dict(item.metadata)}["annotations"]) != 1:
            yield Finding(item, "metadata.annotations", "something", "one")


def by_swallowing(items: Objects) -> Iterator[Finding]:
    for item in items:
        try:
            number = len(item.metadata.get("annotations", {}))
        except Exception:  # noqa: BLE001 - what operators write
            number = 0
        if number != 1:
            yield Finding(item, "metadata.annotations", number, "1")


def by_values(items: Objects) -> Iterator[Finding]:
    for item in items:
        for key, value in item.metadata.items():
            if key == "annotations" and f"{value}" != "{}":
                yield Finding(item, "metadata.annotations", str(value), "{}")


def by_popping(items: Objects) -> Iterator[Finding]:
    for item in items:
        if item.metadata.pop("annotations"):  # type: ignore[attr-defined]
            yield Finding(item, "metadata.annotations", "something", "nothing")


@pytest.mark.parametrize("check_", [by_identity, by_copies, by_swallowing, by_values, by_popping])
def test_no_rule_of_an_operator_s_own_takes_an_unknown_for_wrong_however_it_looks(check_: Any) -> None:
    subject = Object(config_map({"a": "b", "c": "d"}, key="value"))
    assert len(check(Objects((Object(deepcopy(subject.manifest)),)), [own(check_)]).violations) == 1
    report = check(Objects((unknown(subject, ("metadata", "annotations")),)), [own(check_)])
    assert (report.violations, report.failures) == ((), ())
    assert [item.path for item in report.unjudged] == ["metadata.annotations"]


@pytest.mark.parametrize("scope", Scope)
def test_a_rule_that_fails_is_named_with_the_object_and_the_place(scope: Scope) -> None:
    def failing(items: Objects) -> Iterator[Finding]:
        for item in items:
            if item.kind == "ConfigMap":
                yield Finding(item, "data", item.manifest["nothing"], "a")

    def unusable(items: Objects) -> Any:
        return next(iter(items)).name and 5

    everything = Objects((Object(deployment()), Object(config_map())))
    report = check(everything, [own(failing, scope), rule("image-tag")])
    (failure,) = report.failures
    assert str(failure) == (
        "own: ConfigMap flags/settings: the rule itself failed, and judged nothing: KeyError: 'nothing' "
        f"(test_unknown.py, line {failing.__code__.co_firstlineno + 3}). Correct the rule."
    )
    assert "own: Deployment flags/flagsmith: the rule itself failed" in str(
        check(everything, [own(unusable, scope)]).failures[0]
    )


def test_a_rule_that_ends_python_ends_nothing_else() -> None:
    report = check(Objects((Object(deployment()),)), [own(lambda _: exit(3)), rule("image-tag")])
    assert [failure.rule.id for failure in report.failures] == ["own"]


@pytest.mark.parametrize(
    "use",
    [
        bool,
        len,
        int,
        float,
        list,
        set,
        hash,
        lambda value: value == "a",
        lambda value: value < 3,
        lambda value: value + 1,
        lambda value: "a" in value,
        lambda value: value["a"],
        lambda value: value.get("a"),
        lambda value: value(),
        lambda value: value % 2,
    ],
)
def test_using_what_is_not_known_is_an_error_and_showing_it_is_none(use: Any) -> None:
    subject = Unknown("Job a", "spec")
    with pytest.raises(UnknownUsedError, match="spec of Job a is known at the deployment"):
        use(subject)
    assert str(subject) == repr(subject) == f"{subject}" == "known at the deployment"
    assert deepcopy([subject])


def test_what_is_wholly_known_stays_as_it_is_and_texts_are_found_beside_what_is_not() -> None:
    manifest = {"a": [{"name": "x", "b": "text"}, "other"]}
    assert watched(manifest) is manifest
    hidden = put(manifest, ("a", 1), Unknown("Job a", "a[1]"))
    assert [item.path for item in unknowns(hidden)] == ["a[1]"]
    with watching() as run:
        assert list(texts(watched(hidden))) == [("a[x].name", "x"), ("a[x].b", "text")]
        assert (run.read, [item.path for item in run.left]) == ([], ["a[1]"])
        assert list(apart(iter(watched(hidden)["a"][0]["b"]))) == list("text")
