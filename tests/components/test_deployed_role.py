"""A stack keeps its role: what another one does not have would be deleted."""

from collections.abc import Collection

import pytest

from components.deployment.recorded import Deployment, read
from components.deployment.role import other_role
from components.kit import names
from components.kit.api_server import DENIED, Fetch
from components.settings import Settings, parse
from tests.recording import record, recorded

AN_EDGE: dict[str, object] = {
    "role": "edge",
    "host": "flags.example.com",
    "context": "flagsmith-local",
    "edge": {"enabled": True, "existingSecret": "keys", "primary": {"url": "https://primary.example.com"}},
    "ingress": {"enabled": False},
}
OF_FLAGSMITH = ("publicUrl", "service", "postgres", "backup", "retention")
NAMESPACE = "feature-flags"
VOLUME = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims/{names.POSTGRES_DATA}"
BACKUPS = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims/{names.BACKUP_DATA}"
GROUP = f"/apis/{names.CNPG_API_VERSION}"
CLUSTERS = f"{GROUP}/namespaces/{NAMESPACE}/clusters"
API = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{names.API}"


def whole() -> Settings:
    return parse({"host": "flags.example.com", "context": "flagsmith-local", "ingress": {"enabled": False}})


def has(*paths: str, denied: Collection[str] = ()) -> Fetch:
    return lambda path: DENIED if path in denied else {"metadata": {}, "items": [{}]} if path in paths else None


def deployed(role: str) -> Deployment:
    recording = (
        record("local", AN_EDGE, without=OF_FLAGSMITH)
        if role == "edge"
        else record("local", {"edge": {"enabled": True}})
    )
    found = read(recording.object("ConfigMap", names.DEPLOYMENT).manifest["data"])
    assert found
    return found


def test_a_whole_flagsmith_is_not_made_into_an_edge() -> None:
    problem = other_role(has(), deployed("platform"), parse(AN_EDGE)) or ""
    assert problem.startswith(
        "feature-flags:role is edge, and the namespace 'feature-flags' of context 'flagsmith-local' has a whole "
        "Flagsmith, which would be deleted with its data."
    )
    assert other_role(has(), deployed("edge"), parse(AN_EDGE)) is None


@pytest.mark.parametrize("path", [VOLUME, BACKUPS, API, CLUSTERS])
def test_nor_is_one_whose_first_deployment_did_not_end(path: str) -> None:
    """It has no record yet, and perhaps data."""
    assert "has a whole Flagsmith" in (other_role(has(GROUP, path), None, parse(AN_EDGE)) or "")
    assert other_role(has(), None, parse(AN_EDGE)) is None


@pytest.mark.parametrize("path", [VOLUME, BACKUPS, API, CLUSTERS])
def test_that_nobody_may_look_is_not_taken_for_there_is_none(path: str) -> None:
    problem = other_role(has(GROUP, denied=[path]), None, parse(AN_EDGE)) or ""
    assert "cannot be told: you may not look for" in problem
    assert other_role(has(denied=[path]), deployed("edge"), parse(AN_EDGE)) is None


def test_a_cluster_without_the_operator_needs_no_right_to_list_what_it_does_not_know() -> None:
    assert other_role(has(denied=[CLUSTERS]), None, parse(AN_EDGE)) is None
    empty: Fetch = lambda path: {"items": []} if path == CLUSTERS else {} if path == GROUP else None  # noqa: E731
    assert other_role(empty, None, parse(AN_EDGE)) is None


def test_nor_is_an_edge_made_into_a_whole_flagsmith() -> None:
    """What a store makes for both would be deleted as the edge's, after it was made as Flagsmith's."""
    assert "has only an edge" in (other_role(has(), deployed("edge"), whole()) or "")
    assert other_role(has(), deployed("platform"), whole()) is None


def test_a_first_deployment_and_one_that_has_no_edge_are_taken() -> None:
    plain = read(recorded("local").object("ConfigMap", names.DEPLOYMENT).manifest["data"])
    assert other_role(has(), None, whole()) is None
    assert other_role(has(), plain, whole()) is None
