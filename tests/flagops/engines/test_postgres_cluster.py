"""When a Cluster of CloudNativePG counts as settled: on what its real operator, 1.30.0, said after each kind of change.

Recorded on a simulated cluster with a stand-in for the instance managers (tests/doubles/cloudnative_pg): each state of
the Cluster and its pods, with the seconds since the change.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from flagops.kubernetes.postgres_cluster import (
    HEALTHY,
    STEADY_SECONDS,
    Steady,
    assess_cluster,
    instances_of,
    is_postgres_cluster,
)
from flagops.kubernetes.readiness import Phase, Readiness, condition

RECORDED: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "clusters.json").read_text())
ON_A_REAL_NODE: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "clusters_on_a_real_node.json").read_text()
)
"""The same with real servers, instance managers and an archive, on two cores at a load of 25 to 40."""
FAILS = {"invalid parameter"}
NEVER = {"missing secret", "unknown plugin"}
STALE = {
    "image",
    "image by switchover",
    "scale up",
    "scale down",
    "parameter of the start",
    "resources",
    "lost primary",
}


def judged(change: str) -> list[tuple[float, Readiness]]:
    """What is said at each moment at which something changed, and once each second until long after."""
    states, found = RECORDED[change], []
    moment = 0.0
    steady = Steady(now=lambda: moment)
    times = sorted({state["at"] for state in states} | {float(second) for second in range(30)})
    for moment in times:
        past = [state for state in states if state["at"] <= moment]
        if past:
            found.append((moment, steady(assess_cluster(past[-1]["cluster"], past[-1]["pods"]))))
    return found


@pytest.mark.parametrize("change", ["lost primary", "switchover"])
def test_on_a_real_node_nothing_but_the_end_counts_as_well(change: str) -> None:
    states = ON_A_REAL_NODE[change]
    answers = [assess_cluster(state["cluster"], state["pods"]).phase for state in states]
    assert answers[0] is answers[-1] is Phase.READY
    assert set(answers[1:-1]) == {Phase.WAITING}


def test_an_answer_is_kept_back_for_longer_than_any_stale_one_on_a_real_node() -> None:
    stale = [
        following["at"] - state["at"]
        for states in ON_A_REAL_NODE.values()
        for state, following in pairwise(states)
        if assess_cluster(state["cluster"], state["pods"]).phase is not Phase.WAITING
    ]
    assert max(stale) > STEADY_SECONDS / 5  # a busy machine's, not an idle one's
    assert max(stale) < STEADY_SECONDS / 2


def last(change: str) -> float:
    return float(RECORDED[change][-1]["at"])


@pytest.mark.parametrize("change", sorted(RECORDED.keys() - FAILS - NEVER))
def test_it_has_settled_when_nothing_changes_any_more_and_not_before(change: str) -> None:
    ready = [moment for moment, answer in judged(change) if answer.phase is Phase.READY]
    assert ready, "it never settled"
    assert last(change) + STEADY_SECONDS <= ready[0] <= last(change) + STEADY_SECONDS + 1
    assert not any(answer.phase is Phase.FAILED for _, answer in judged(change))


@pytest.mark.parametrize("change", sorted(STALE))
def test_its_own_condition_would_have_passed_at_once(change: str) -> None:
    first = RECORDED[change][0]["cluster"]
    assert condition(first, "Ready")["status"] == "True"
    assert first["status"]["phase"] == HEALTHY
    assert len(RECORDED[change]) > 1


def test_what_its_pods_tell_of_is_never_called_ready_too_early_even_for_a_moment() -> None:
    for change in ("create", "image", "image by switchover", "scale up", "scale down", "lost primary"):
        early = [
            state
            for state in RECORDED[change][:-1]
            if assess_cluster(state["cluster"], state["pods"]).phase is Phase.READY
        ]
        assert early == [], change


def test_an_answer_is_kept_back_for_longer_than_any_stale_one_was_seen() -> None:
    for change, states in RECORDED.items():
        for state, following in pairwise(states):
            if assess_cluster(state["cluster"], state["pods"]).phase is not Phase.WAITING:
                assert following["at"] - state["at"] < STEADY_SECONDS / 5, change


def test_what_only_people_can_mend_fails_with_the_phase_and_its_reason() -> None:
    change = "invalid parameter"
    moment, answer = next((moment, answer) for moment, answer in judged(change) if answer.phase is Phase.FAILED)
    assert "Invalid cluster definition: the resource failed admission validation on: " in answer.message
    assert moment >= last(change) + STEADY_SECONDS
    assert not any(answer.phase is Phase.READY for _, answer in judged(change))


@pytest.mark.parametrize(
    "phase",
    [
        "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
        "Cluster cannot proceed to reconciliation due to an error while interacting with plugins",
        "Unable to create required cluster objects",
    ],
)
def test_what_the_operator_tries_again_by_itself_is_waited_for_with_its_reason(phase: str) -> None:
    """A plugin that starts a minute later than the Cluster is the usual case of a new cluster."""
    cluster = RECORDED["unknown plugin"][-1]["cluster"]
    cluster = {**cluster, "status": {**cluster["status"], "phase": phase, "phaseReason": "not yet"}}
    assert assess_cluster(cluster, ()) == Readiness(Phase.WAITING, f"{phase}: not yet")
    assert {answer.phase for _, answer in judged("unknown plugin")} == {Phase.WAITING}


def test_a_failure_that_was_mended_just_now_fails_nothing() -> None:
    first = RECORDED["mended parameter"][0]
    assert assess_cluster(first["cluster"], first["pods"]).phase is Phase.FAILED
    assert {answer.phase for _, answer in judged("mended parameter")} == {Phase.WAITING, Phase.READY}


def test_what_may_still_come_is_waited_for_and_the_reason_is_said() -> None:
    answers = [answer for _, answer in judged("missing secret")]
    assert {answer.phase for answer in answers} == {Phase.WAITING}
    assert answers[0].message == "its operator has not taken it up yet"
    assert answers[-1].message == "Setting up primary: Creating primary instance secret-1"
    said = [answer.message for _, answer in judged("image")]
    assert "not yet with the image postgresql:17.6: pg-1, pg-2" in said
    assert any(text.startswith("Upgrading cluster: Restarting instance pg-2, because: ") for text in said)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"readyInstances": 1}, "1 of 2 instances are ready"),
        ({"currentPrimary": "pg-2"}, "the primary is pg-2, and is to be pg-1"),
        ({"currentPrimary": "pg-9", "targetPrimary": "pg-9"}, "the primary is pg-9, and is to be pg-9"),
        ({"phase": "Switchover in progress", "phaseReason": ""}, "Switchover in progress"),
        ({"phase": ""}, "its operator has not taken it up yet"),
    ],
)
def test_what_a_healthy_cluster_lacks_is_said(change: dict[str, object], message: str) -> None:
    state = RECORDED["create"][-1]
    cluster = {**state["cluster"], "status": {**state["cluster"]["status"], **change}}
    assert assess_cluster(cluster, state["pods"]) == Readiness(Phase.WAITING, message)


def test_a_pod_that_is_not_ready_or_not_there_is_waited_for() -> None:
    cluster, pods = RECORDED["create"][-1]["cluster"], RECORDED["create"][-1]["pods"]
    unready = [pods[0], {**pods[1], "status": {"conditions": [{"type": "Ready", "status": "False"}]}}]
    assert assess_cluster(cluster, unready).message == "not ready: pg-2"
    assert assess_cluster(cluster, pods[:1]).message == "1 of 2 instances are there"


def test_a_cluster_of_another_operator_is_none() -> None:
    cluster = RECORDED["create"][0]["cluster"]
    assert is_postgres_cluster(cluster)
    assert not is_postgres_cluster({**cluster, "apiVersion": "cluster.x-k8s.io/v1beta1"})
    assert instances_of(cluster) == "cnpg.io/cluster=pg,cnpg.io/podRole=instance"
