"""A Prometheus that warns of its answer: what a part of the data says, and what it does not."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from components.rollouts.in_pod.asking import Guards
from components.rollouts.in_pod.declared import Comparison, Declared, Guard, Measure, Step
from components.rollouts.in_pod.judge import Series
from components.rollouts.in_pod.prometheus import PartialError, Prometheus
from components.rollouts.in_pod.states import Verdict
from tests.components.rollouts.faulty import result, serving
from tests.components.rollouts.test_asked import NOW, at


@pytest.mark.parametrize(
    ("value", "bounds", "verdict"),
    [
        (5.0, {"at_most": 1.0}, Verdict.BROKEN),
        (5.0, {"at_most": 1.0, "holds": timedelta(minutes=5)}, Verdict.OUT),
        (0.5, {"at_most": 1.0}, Verdict.SILENT),
        (0.5, {"at_least": 1.0}, Verdict.SILENT),
        (5.0, {"at_least": 1.0}, Verdict.SILENT),
        (0.5, {"at_least": 1.0, "at_most": 2.0}, Verdict.SILENT),
        (5.0, {"at_least": 1.0, "at_most": 2.0}, Verdict.BROKEN),
    ],
)
def test_what_a_part_has_too_much_of_is_a_breach_and_nothing_else_of_it_counts(
    value: float, bounds: dict[str, Any], verdict: Verdict
) -> None:
    guard = Guard("errors", "up", **bounds)
    declared = Declared("flag", "production", None, (Step(10), Step(100)), guards=(guard,))
    part = result("matrix", [{"metric": {}, "values": [[NOW.timestamp(), str(value)]]}], warnings=["a store is away"])
    with serving(part) as server:
        answer = Guards(at(server)).answers(declared, 10, NOW - timedelta(hours=1), NOW)["errors"]
    assert answer.verdict is verdict
    if verdict is Verdict.SILENT:
        assert answer.why == "may not have all of its data: it warns of its answer: a store is away"


class OfAPart(Prometheus):
    """One that warns of each answer, of two arms whose numbers each query has in it."""

    def now(self, query: str, at: datetime) -> list[Series]:
        new, old = map(float, query.split())
        raise PartialError("a store is away", [arm("on", new, at), arm("off", old, at)])


def arm(name: str, number: float, moment: datetime) -> Series:
    return Series({"variant": name}, [(moment.timestamp(), number)])


@pytest.mark.parametrize(("events", "verdict"), [("900 10", Verdict.BROKEN), ("10 10", Verdict.SILENT)])
def test_two_arms_of_a_part_are_compared_in_the_same_way(events: str, verdict: Verdict) -> None:
    arms = Comparison(Measure.DIFFERENCE, events, "1000 1000", "variant", "on", "off")
    guard = Guard("errors", at_most=0.01, at_least=-0.01, comparison=arms)
    declared = Declared("flag", "production", None, (Step(10), Step(100)), guards=(guard,))
    answers = Guards(OfAPart("http://127.0.0.1:1")).answers(declared, 10, NOW - timedelta(hours=1), NOW)
    assert answers["errors"].verdict is verdict
