"""The package makes what a stack with the same settings makes, and says as clearly what is wrong."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import json_format  # type: ignore[import-untyped]

from components.package.component import TYPE
from components.stack import DEFAULT
from flagops.evaluation.generated import Placeholders
from flagops.evaluation.monitor import Registration
from flagops.stacks.files import load_stack
from tests.components.package.host import PROJECT, STACK, Host, host
from tests.components.registering import WHOLE
from tests.recording import ROOT, record

PLAIN: Mapping[str, Any] = {
    "host": "flags.example.com",
    "context": "flagsmith-local",
    "size": "local",
    "apiVersions": [],
    "ingress": {"enabled": False},
    "sdkKeys": {"environments": ["production"]},
    "admin": {"environments": ["production"]},
}
SIGNATURE, SECRET, OUTPUT = (
    "4dabf18193072939515e22adb298388d",
    "1b47061264138c4ac30d75fd1eb44270",
    "d0e6a833031e9bbcd3f4e8bde6ca49a4",
)
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    with host(environment, tmp_path_factory.mktemp("elsewhere")) as made:
        yield made


@pytest.fixture
def running(process: Host) -> Host:
    process.forget()
    return process


def arguments(stack: str, overrides: Mapping[str, object]) -> dict[str, Any]:
    """The settings of a stack, as a program would write them as arguments."""
    config = load_stack(stack, ROOT).config
    config = {key.partition(":")[2]: value for key, value in config.items() if key.startswith(f"{PROJECT}:")}
    given = {"apiVersions": [], **config, **overrides}
    if given.get("role") != "edge":
        environments: Any = record(stack, overrides).program.outputs["sdkKeys"]
        keys: Any = given.get("sdkKeys", {})
        given["sdkKeys"] = {"environments": sorted(environments), **keys}
    return {key: value for key, value in given.items() if value is not None}


@pytest.mark.parametrize("name", WHOLE)
def test_the_objects_are_those_of_a_stack(name: str, running: Host) -> None:
    stack, overrides = WHOLE[name]
    recording = record(stack, overrides, generated=Placeholders())
    wanted = recording.program
    running.construct(DEFAULT, arguments(stack, overrides), stack)
    made = running.program(wanted.api_versions)
    assert {item.ref for item in made.objects} == {item.ref for item in wanted.objects}
    # The package's own component is around the platform's.
    by_ref = {item.ref: replace(item, component=item.component[1:]) for item in made.objects}
    assert [str(item.ref) for item in wanted.objects if by_ref[item.ref] != item] == []
    assert marks(running.monitor.registrations) == marks(recording.registrations)


def marks(registrations: Mapping[str, Registration]) -> dict[tuple[str, str], Any]:
    """What of each resource is secret, and what Pulumi is to do with it; but of the package's own component."""
    return {
        (item.type, item.name): (item.secret_paths, item.protect, item.retain, item.timeout, item.ignored)
        for item in registrations.values()
        if item.type != TYPE
    }


def test_the_outputs_are_names_and_no_secret(running: Host) -> None:
    state = json_format.MessageToDict(running.construct(DEFAULT, PLAIN).state)
    assert {key: value for key, value in state.items() if key != "secretNames"} == {
        "url": "https://flags.example.com",
        "namespace": "feature-flags",
        "context": "flagsmith-local",
        "adminEmail": "admin@flags.example.com",
        "adminSecret": "flagsmith-admin",
        "adminPasswordCommand": state["adminPasswordCommand"],
        "sdkKeySecrets": {"production": "flagsmith-sdk-keys-production"},
    }
    assert state["secretNames"]["django"] == "flagsmith-django"
    generated = set(running.monitor.used.values())
    assert len(generated) > 5
    assert not any(value in str(state) for value in generated)


def test_the_keys_for_edges_elsewhere_are_a_secret(running: Host) -> None:
    exported = {**PLAIN, "sdkKeys": {"environments": ["production"], "exported": True}}
    keys = running.construct(DEFAULT, exported).state["edgeKeys"]
    assert keys[SIGNATURE] in (SECRET, OUTPUT)
    assert keys[SIGNATURE] == SECRET or keys["secret"] is True


def test_two_instances_in_one_program_share_nothing(running: Host) -> None:
    for name in ("team-a", "team-b"):
        running.construct(name, {**PLAIN, "namespace": {"name": name}, "host": f"{name}.example.com"})
    by_name = {
        name: {urn for urn, item in running.monitor.registrations.items() if item.name.startswith(name)}
        for name in ("team-a", "team-b")
    }
    assert len(by_name["team-a"]) == len(by_name["team-b"]) > 30
    assert set().union(*by_name.values()) == set(running.monitor.registrations)
    providers = [item for item in running.monitor.registrations.values() if item.type == "pulumi:providers:kubernetes"]
    assert [item.name for item in providers] == ["team-a-cluster", "team-b-cluster"]


def test_a_second_instance_in_the_same_namespace_is_refused(running: Host) -> None:
    shared = {**PLAIN, "namespace": {"name": "shared"}}
    running.construct("team-a", shared)
    before = set(running.monitor.registrations)
    said = running.refusal("team-b", shared)
    assert said.startswith("namespace.name = \"shared\": is the namespace of 'team-a' already, and each instance has")
    assert set(running.monitor.registrations) == before


def test_one_name_below_two_parents_is_two_instances(running: Host) -> None:
    """Of different types: below two of one type it would be one URN, which the engine refuses."""
    shared = {**PLAIN, "namespace": {"name": "below"}}
    parents = [f"urn:pulumi:{STACK}::{PROJECT}::mine:index:{kind}::{kind.lower()}" for kind in ("Web", "Batch")]
    running.construct("flags", shared, parent=parents[0])
    said = running.refusal("flags", shared, parent=parents[1])
    assert said.startswith("namespace.name = \"below\": is the namespace of 'flags', below 'web', already, and each")
    running.forget()
    running.construct("flags", shared, parent=parents[0])  # what a preview asked for, asked for again
    running.forget()
    running.construct("flags", {**PLAIN, "namespace": {"name": "own"}}, parent=parents[1])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"size": "huge"}, 'size = "huge": must be one of local, small, medium, large, xlarge'),
        ({"postgres": {"storage": {"size": "20 gigs"}}}, 'postgres.storage.size = "20 gigs": must be a Kubernetes'),
        ({"hots": "flags.example.com"}, "hots: is not a known key: did you mean host?"),
        ({"postgres": {"strage": {}}}, "postgres.strage: is not a known key: did you mean storage?"),
        ({"replicas": 2.5}, "replicas = 2.5: must be a whole number such as 3"),
        ({"env": {"API_TOKEN": "ghp_0123456789abcdefghijABCDEFGHIJ012345"}}, "env.API_TOKEN: "),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_is_registered(running: Host, wrong: dict[str, Any], said: str) -> None:
    text = running.refusal(DEFAULT, {**PLAIN, **wrong})
    assert text.startswith(said)
    assert "Traceback" not in text
    assert "File " not in text
    assert "ghp_0123456789" not in text
    assert running.monitor.registrations == {}


def test_everything_that_is_wrong_is_said_at_once(running: Host) -> None:
    text = running.refusal(DEFAULT, {"size": "huge", "hots": "flags.example.com"})
    assert sorted(line.partition(":")[0].partition(" ")[0] for line in text.splitlines()) == [
        "context",
        "host",
        "hots",
        "size",
    ]


def test_the_process_goes_on_after_a_refusal(running: Host) -> None:
    running.refusal(DEFAULT, {**PLAIN, "size": "huge"})
    assert running.construct(DEFAULT, PLAIN).urn.endswith("feature-flags:index:FeatureFlags::feature-flags")


def test_a_warning_has_the_words_of_a_program(running: Host) -> None:
    running.construct(DEFAULT, {**PLAIN, "version": "2.300.0"})
    assert running.said
    assert not [text for text in running.said if f"{PROJECT}:" in text]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"host": {SIGNATURE: OUTPUT, "value": "flags.example.com"}}, "host"),
        ({"host": {SIGNATURE: OUTPUT, "dependencies": ["urn:pulumi:local::p::t::n"]}}, "host"),
        ({"host": UNKNOWN}, "host"),
        ({"host": {SIGNATURE: SECRET, "value": "flags.example.com"}}, "host"),
        ({"namespace": {"name": {SIGNATURE: OUTPUT, "value": "flags"}}}, "namespace.name"),
        ({"additionalHosts": ["a.example.com", UNKNOWN]}, "additionalHosts[1]"),
        ({"namespace": {"labels": {"team": {SIGNATURE: SECRET, "value": "one"}}}}, "namespace"),
    ],
)
def test_an_output_as_an_input_is_refused_in_words(running: Host, value: dict[str, Any], path: str) -> None:
    text = running.refusal(DEFAULT, {**PLAIN, **value})
    assert text.startswith(f"{path}: must be a plain value, and is an output of another resource, or a secret")
    assert running.monitor.registrations == {}


def test_another_provider_is_refused(running: Host) -> None:
    urn = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:providers:kubernetes::mine::id"
    text = running.refusal(DEFAULT, PLAIN, providers={"kubernetes": urn})
    assert text.startswith("providers: the package makes its own Kubernetes provider, of the argument context")


def test_what_the_component_needs_comes_before_all_of_it(running: Host) -> None:
    before = f"urn:pulumi:{STACK}::{PROJECT}::kubernetes:core/v1:Namespace::before"
    running.construct(DEFAULT, PLAIN, dependencies=[before])
    objects = [item for item in running.monitor.registrations.values() if item.type.startswith("kubernetes:")]
    first = [item for item in objects if item.type.endswith(":Namespace")]
    assert first
    assert all(before in item.needs for item in first)
