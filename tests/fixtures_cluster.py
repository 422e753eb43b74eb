"""Fixtures of the throw-away simulated cluster: its own directory, its own ports, ended with the session."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from flagops.console import progress
from flagops.local_cluster import api, binaries, control_plane, rest
from flagops.local_cluster.api import LocalCluster
from flagops.local_cluster.build import GoMissingError
from tests.containers import Containers
from tests.platform import Platform

# What makes certain pods of the tests fail.
STAGES = tuple(sorted((Path(__file__).parent / "stages").glob("*.yaml")))
ENVIRONMENT = control_plane.environment
GO_MISSING = pytest.StashKey[GoMissingError]()
FILES = pytest.StashKey[set[Path]]()
ENDING = pytest.StashKey[ExitStack]()


def eventually(condition: Callable[[], object], *, seconds: float = 90) -> None:
    """Wait until a condition holds (or its value is truthy), and fail naming it when it does not within `seconds`.

    It is asked at longer and longer intervals: each question of what takes a minute would cost as much as ten tests.
    """
    attempts = Retrying(
        retry=retry_if_result(lambda result: not result),
        stop=stop_after_delay(seconds),
        wait=wait_exponential(multiplier=0.05, exp_base=1.2, max=0.5),
    )
    try:
        attempts(condition)
    except RetryError:
        pytest.fail(f"after {seconds} s it does not hold that {condition.__name__.replace('_', ' ')}")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build the cluster's programs before the first test: it may take longer than a test may."""
    session.config.stash[FILES] = {item.path for item in session.items if item.get_closest_marker("cluster")}
    if not session.config.stash[FILES] or session.config.option.collectonly:
        return
    capture: Any = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        try:
            binaries.control_plane(progress())
        except GoMissingError as error:
            session.config.stash[GO_MISSING] = error


@pytest.fixture(scope="session")
def cluster_programs(pytestconfig: pytest.Config) -> None:
    """The programs are there; without them tests are skipped, and fail in CI, which has all that is needed."""
    error = pytestconfig.stash.get(GO_MISSING, None)
    if error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{error.message} {error.hint}")


@pytest.fixture(scope="session")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """What runs in the cluster's containers; its servers are started by the tests that need them."""
    made = Containers(tmp_path_factory.mktemp("containers"))
    try:
        yield made
    finally:
        made.stop()


def frugal(*given: Any) -> dict[str, str]:
    """The environment of the cluster's programs, each on one processor: there are more clusters than processors.

    Go's threads that look for work to take from each other took a quarter of what a deployment takes, and looking
    through the heap as often as by default an eighth. So a cluster has some 200 MB more.
    """
    return {**ENVIRONMENT(*given), "GOMAXPROCS": "1", "GOGC": "400"}


@pytest.fixture(scope="session")
def cluster(
    cluster_programs: None,  # noqa: ARG001
    containers: Containers,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[LocalCluster]:
    """A simulated cluster for all tests that want one; they use namespaces of their own."""
    home = tmp_path_factory.mktemp("cluster")
    stages = (*STAGES, containers.configuration())
    with ExitStack() as ending:
        ending.callback(api.down, home=home)
        with mock.patch.object(control_plane, "environment", frugal):
            made = api.up(home=home, kind="simulated", extra_stages=stages, container_path=containers.path)
        pytestconfig.stash[ENDING] = ending
        yield made


def pytest_runtest_setup(item: pytest.Item) -> None:
    """End the cluster with the last file that has tests of it, where those come first (tests/slow.py).

    To idle for the rest of the session would cost 2 s of CPU a minute. Only `make test` says that they come first:
    without its option xdist begins with the files that have most tests.
    """
    ending = item.config.stash.get(ENDING, None)
    is_ordered = not item.config.getoption("loadscopereorder", default=True)
    if ending is not None and is_ordered and item.path not in item.config.stash[FILES]:
        ending.close()


@pytest.fixture(scope="session")
def platform(cluster: LocalCluster) -> Iterator[Platform]:
    """The stack `local` on the throw-away cluster."""
    with rest.client(cluster.kubeconfig) as http:
        yield Platform(cluster, http)


@pytest.fixture
def deployed(platform: Platform) -> Platform:
    """The stack as its file says, whatever an earlier test did to it."""
    platform.ensure()
    return platform


@pytest.fixture(scope="session")
def kubernetes_client(cluster: LocalCluster) -> Iterator[Any]:
    """A `kubernetes.client.ApiClient` for the cluster, which uses no proxy of the environment."""
    with client_for(cluster.kubeconfig) as client:
        yield client


def client_for(kubeconfig: Path) -> Any:
    """A `kubernetes.client.ApiClient` for the current context of a kubeconfig."""
    # Most runs start no cluster, and the SDK takes half a second to import.
    from kubernetes import client, config

    configuration = client.Configuration()
    config.load_kube_config(str(kubeconfig), client_configuration=configuration)
    configuration.proxy = None
    return client.ApiClient(configuration)
