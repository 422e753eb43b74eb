"""`ff logs`: each line with its pod, no secret in any."""

import threading
from collections.abc import Callable

import pytest
from typer.testing import Result

from flagops.commands.logs import logs
from flagops.pods.pods import PodComponent, pods
from flagops.stacks.deployed import Instance
from tests.containers import Containers
from tests.fixtures_cluster import eventually
from tests.platform import Platform

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]


def test_each_line_has_its_pod_and_secrets_are_masked(instance: Instance, containers: Containers, run: Run) -> None:
    secret = instance.secret("flagsmith-postgres")["password"]
    containers.write_log("flagsmith", "first line", f"connecting with {secret}")
    shown = run("logs", "--component", "api")
    assert shown.exit_code == 0
    for pod in pods(instance, PodComponent.API):
        assert f"{pod['metadata']['name']}  first line" in shown.stdout
    assert shown.stdout.count("connecting with ") == 3
    assert secret not in shown.stdout


def test_only_as_many_lines_as_wanted(instance: Instance, containers: Containers, run: Run) -> None:
    containers.write_log("flagsmith", *(f"line {number}" for number in range(10)))
    lines = run("logs", "--component", "api", "--lines", "2").stdout.splitlines()
    assert len(lines) == 2 * len(pods(instance, PodComponent.API))
    assert all(line.endswith(("line 8", "line 9")) for line in lines)


def test_a_component_without_pods_is_named(instance: Instance, deployed: Platform, run: Run) -> None:
    deployed.up({"backup": {"enabled": False}})

    def no_pod_is_left() -> bool:
        return not deployed.pods("backup")

    eventually(no_pod_is_left)
    shown = run("logs", "--component", "backup", "--stack", instance.stack.name)
    assert shown.exit_code == 1
    assert "There is no pod of backup in feature-flags" in shown.stderr


def test_following_goes_on_with_new_lines(instance: Instance, containers: Containers) -> None:
    containers.write_log("redis", "before")
    seen: list[str] = []
    stop = threading.Event()

    def run_until_stopped() -> None:
        logs.follow(instance, [PodComponent.CACHE], lines=10, on_line=lambda _, line: seen.append(line), stop=stop)

    thread = threading.Thread(target=run_until_stopped)
    thread.start()
    try:

        def the_old_line_is_seen() -> bool:
            return "before" in seen

        eventually(the_old_line_is_seen)
        with containers.log("redis").open("a", encoding="utf-8") as log:
            log.write("2026-01-01T00:00:01.000000000Z stdout F after\n")

        def the_new_line_is_seen() -> bool:
            return "after" in seen

        eventually(the_new_line_is_seen)
    finally:
        stop.set()
        thread.join()
    assert seen.count("before") == 1


def test_the_lines_of_one_request_alone(instance: Instance, containers: Containers, run: Run) -> None:
    containers.write_log(
        "flagsmith",
        '{"message": "one", "request_id": "req-1"}',
        '{"message": "two", "request_id": "req-2"}',
        "req-1",
        "7",
    )
    lines = run("logs", "--request-id", "req-1", "--stack", instance.stack.name).stdout.splitlines()
    assert lines
    assert all('"message": "one"' in line for line in lines)
