"""What `ff` says while servers of a Cluster are away, and of a base backup that fails, as the real operator has it."""

from itertools import groupby

import pytest

from flagops.commands.db.backups.base import archive
from flagops.commands.db.switchover import switchover
from flagops.commands.doctor.cluster import FENCED, cluster
from flagops.commands.doctor.model import Examination
from flagops.commands.secrets.catalogue import find
from flagops.commands.secrets.rotate import require_checkable
from flagops.commands.status.cluster import cluster_rows
from flagops.errors import FailedError, RefusedError
from flagops.kubernetes.objects import Ref
from flagops.stacks.deployed import Instance
from tests.cloudnative_pg import Operator
from tests.deployment.test_cluster_archived import NAME, comes_up, instance
from tests.fixtures_cluster import eventually

__all__ = ["instance"]
pytestmark = pytest.mark.cluster
CLUSTER = ("postgresql.cnpg.io/v1", "Cluster", NAME)


def findings(instance: Instance) -> dict[str, str]:
    """What the doctor finds of the Cluster: names, and what was seen of each."""
    return {item.name: " ".join(item.evidence) for item in cluster(Examination(instance))}


def targets(cnpg: Operator, since: int) -> list[str]:
    """Who was to be the primary, one after the other."""
    found = [state["status"].get("targetPrimary") for state in cnpg.states(NAME)[since:]]
    return [name for name, _ in groupby(found)]


def test_a_primary_that_stops_is_failed_over_by_way_of_none(cnpg_archived: Operator, instance: Instance) -> None:
    before = cnpg_archived.cluster(NAME)["status"]["currentPrimary"]
    (standby,) = {*cnpg_archived.instances(NAME)} - {before}
    since = len(cnpg_archived.states(NAME))
    with cnpg_archived.managers.stopped(before):
        eventually(lambda: cnpg_archived.cluster(NAME)["status"]["currentPrimary"] == standby)
        assert targets(cnpg_archived, since) == [before, "pending", standby]
        phases = [state["status"]["phase"] for state in cnpg_archived.states(NAME)[since:]]
        assert "Failing over" in phases
        eventually(lambda: "cluster-server-missing" in findings(instance))
        with pytest.raises(RefusedError, match="not well, and nothing was changed"):
            switchover(instance, None, lambda _: None)
    comes_up(cnpg_archived, NAME, 2)
    assert cnpg_archived.cluster(NAME)["status"]["currentPrimary"] == standby


def test_without_any_server_there_is_no_primary_and_it_is_said(cnpg_archived: Operator, instance: Instance) -> None:
    before = cnpg_archived.cluster(NAME)["status"]["currentPrimary"]
    with cnpg_archived.managers.stopped(*cnpg_archived.instances(NAME)):
        eventually(lambda: "cluster-without-primary" in findings(instance))
        eventually(lambda: "cluster-server-missing" in findings(instance))
        with pytest.raises(RefusedError, match="not well, and nothing was changed"):
            switchover(instance, None, lambda _: None)
        with pytest.raises(RefusedError, match=r"Nothing was changed, .* The Cluster (has no primary|is between two)"):
            require_checkable(instance, find("database"), 1)
    comes_up(cnpg_archived, NAME, 2)
    assert cnpg_archived.cluster(NAME)["status"]["currentPrimary"] == before


def test_a_fenced_primary_is_not_replaced_and_the_doctor_says_who_has_fenced_it(
    cnpg_archived: Operator, instance: Instance
) -> None:
    before = cnpg_archived.cluster(NAME)["status"]["currentPrimary"]
    ref = Ref("postgresql.cnpg.io/v1", "Cluster", instance.namespace, NAME)
    instance.client.merge(ref, {"metadata": {"annotations": {FENCED: f'["{before}"]'}}})
    try:
        eventually(lambda: {"cluster-fenced", "cluster-without-primary"} <= {*findings(instance)})
        assert before in findings(instance)["cluster-fenced"]
        rows = {row.name: row for row in cluster_rows(instance)}
        assert rows
        with pytest.raises(RefusedError, match="not well, and nothing was changed"):
            switchover(instance, None, lambda _: None)
    finally:
        instance.client.merge(ref, {"metadata": {"annotations": {FENCED: None}}})
    comes_up(cnpg_archived, NAME, 2)
    status = cnpg_archived.cluster(NAME)["status"]
    assert (status["currentPrimary"], status["targetPrimary"]) == (before, before)


def test_a_base_backup_that_fails_ends_the_command_with_the_operator_s_words(instance: Instance) -> None:
    """It is made by a program in a server's pod, which is not in these."""
    said: list[str] = []
    with pytest.raises(FailedError, match=r"The base backup flagsmith-pg-\d+ failed: ") as caught:
        archive.make(instance, said.append)
    assert "describe backups.postgresql.cnpg.io flagsmith-pg-" in str(caught.value.hint)
    eventually(lambda: "base-backup-failed" in findings(instance))
    for item in instance.items("postgresql.cnpg.io/v1", "Backup"):
        instance.client.delete(Ref("postgresql.cnpg.io/v1", "Backup", instance.namespace, item["metadata"]["name"]))
