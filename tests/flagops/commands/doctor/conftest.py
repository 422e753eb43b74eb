"""A stack that is well in all its parts: cluster, PostgreSQL, Redis and Flagsmith answer."""

from collections.abc import Callable, Iterator

import pytest

from components.kit import names
from flagops.commands.doctor.checks import examine
from flagops.commands.doctor.model import DoctorFinding
from flagops.flagsmith_api.administrator import password
from flagops.stacks.deployed import Instance
from tests.containers import Containers
from tests.doubles.flagsmith import Flagsmith, serve
from tests.flagops.commands.conftest import instance, place

__all__ = ["instance", "place"]

Examine = Callable[..., dict[str, DoctorFinding]]


@pytest.fixture
def flagsmith(instance: Instance, containers: Containers) -> Iterator[Flagsmith]:
    """The double, where the API's pods answer, with the keys that the stack's Secrets have."""
    settings = instance.settings
    made = Flagsmith(settings.admin_email, password(instance), settings.admin.project, settings.version)
    with serve(made, containers.api_port):
        made.add_environments(*settings.admin.environments)
        for row in made.database.rows("environments"):
            held = instance.secret(names.sdk_keys(row["name"]))
            row["api_key"] = held["FLAGSMITH_ENVIRONMENT_KEY"]
            made.database.insert("server_keys", key=held["FLAGSMITH_SERVER_KEY"], environment=row["id"])
        yield made


@pytest.fixture
def healthy(flagsmith: Flagsmith, containers: Containers) -> Iterator[Containers]:
    """The containers, with all that runs in them; what a test breaks there is mended after it."""
    containers.alter()
    containers.postgres.start()
    containers.redis.start()
    yield containers
    containers.alter()
    containers.redis.stop()
    flagsmith.release.set()


@pytest.fixture
def doctor(healthy: Containers) -> Examine:  # noqa: ARG001
    """Examine the stack `local`: its findings by name."""

    def found(**arguments: str) -> dict[str, DoctorFinding]:
        return {finding.name: finding for finding in examine("local", **arguments)}

    return found
