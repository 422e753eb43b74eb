"""What happens while a runner looks: people, other rollouts, a Prometheus and a Flagsmith that take their time."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from components.rollouts.in_pod.asking import EASIEST
from components.rollouts.in_pod.judge import Series, Span
from components.rollouts.in_pod.notes import write
from components.rollouts.in_pod.project import Rollouts
from components.rollouts.in_pod.prometheus import AwayError, Prometheus
from components.rollouts.in_pod.states import Action, Stage
from components.rollouts.in_pod.turn import Turned, turn
from flagops.flagsmith_api.client import FlagsmithError
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.switching import states, switch

FLAGS = ("first", "second", "third")
CATALOGUE = """project: FootAnalytics
environments: [production]
guards:
  errors: {query: rate_of_errors, at_most: 0.01}
flags:
""" + "".join(
    f"""  {name}:
    description: One of several.
    owner: web
    kind: ops
    enabled: false
    rollout:
      start: 2026-11-01 09:00 UTC
      steps: [{{to: 5, for: 6h}}, {{to: 100}}]
      guards: [errors]
"""
    for name in FLAGS
)


@dataclass(frozen=True)
class Asked(Prometheus):
    """A Prometheus to which something happens while it is asked."""

    meanwhile: Callable[[int], None] = lambda _: None
    questions: list[str] = field(default_factory=list)

    def over(self, query: str, span: Span) -> list[Series]:
        self.questions.append(query)
        self.meanwhile(len(self.questions))
        return [Series({}, [(span.ends.timestamp(), 0.001)])]

    def now(self, query: str, at: datetime) -> list[Series]:
        self.questions.append(query)
        self.meanwhile(len(self.questions))
        return [Series({}, [(at.timestamp(), 1)])]


@pytest.fixture
def several(server: Project, run: Run, tmp_path: Path) -> Project:
    """A server with three rollouts, whose first step is due."""
    path = tmp_path / "catalogue.yaml"
    path.write_text(CATALOGUE, encoding="utf-8")
    done = run("flags", "apply", str(path), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    return server


def look(server: Project, meanwhile: Callable[[int], None] = lambda _: None) -> tuple[list[Turned], Asked]:
    prometheus = Asked("http://prometheus", meanwhile=meanwhile)
    rollouts = Rollouts(server.client, 1)
    return list(turn(rollouts, prometheus, lambda: datetime.now(UTC), (FlagsmithError,))), prometheus


def shares(server: Project) -> list[float]:
    return [found.live.share for found in Rollouts(server.client, 1).all()]


def hold(server: Project, flag: str) -> None:
    client = server.client
    tag = client.post("/api/v1/projects/1/tags/", {"label": "ff-hold-until-2099-01-01", "color": "#fff"})
    (feature,) = [item for item in client.pages("/api/v1/projects/1/features/") if item["name"] == flag]
    client.patch(f"/api/v1/projects/1/features/{feature['id']}/", {"tags": [*feature["tags"], tag["id"]]})


def switch_off(server: Project, flag: str) -> None:
    (state,) = [item for item in states(server, flag) if item["feature_segment"]]
    server.client.put(f"/api/v1/features/featurestates/{state['id']}/", {**state, "enabled": False})


def archive(server: Project, flag: str) -> None:
    (feature,) = [item for item in server.client.pages("/api/v1/projects/1/features/") if item["name"] == flag]
    server.client.patch(f"/api/v1/projects/1/features/{feature['id']}/", {"is_archived": True})


@pytest.mark.parametrize("question", [1, 2])
@pytest.mark.parametrize(
    ("what", "why"),
    [
        (hold, "the flag is held by its tag ff-hold-until-2099-01-01"),
        (switch_off, "somebody switched its share in production off"),
        (lambda server, flag: switch(server, flag, on=True), "somebody switched the flag in production on for"),
        (archive, "the flag is archived"),
    ],
    ids=["hold", "override", "flag", "archive"],
)
def test_what_somebody_does_while_guards_are_asked_is_not_undone(
    several: Project, what: Callable[[Project, str], Any], why: str, question: int
) -> None:
    """While those of the first one are asked, and while its own are."""
    done, _ = look(several, lambda number: what(several, "second") if number == question else None)
    assert [item.decision.action for item in done][::2] == [Action.RAISE, Action.RAISE]
    assert done[1].decision.why.startswith(why)
    assert done[1].decision.action in (Action.WAIT, Action.NOTE)
    assert [item.live.share for item in Rollouts(several.client, 1).all()][::2] == [5, 5]
    (row,) = [item for item in several.client.pages("/api/v1/projects/1/segments/") if "second" in item["name"]]
    (condition,) = row["rules"][0]["rules"][0]["conditions"]
    assert condition["value"] == "-1"


def test_those_that_come_last_in_a_long_look_rise_too(several: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [datetime.now(UTC)]

    def slowly(_: int) -> None:
        clock[0] += timedelta(minutes=3)

    monkeypatch.setattr(several.client, "now", lambda: clock[0])
    prometheus = Asked("http://prometheus", meanwhile=slowly)
    done = list(turn(Rollouts(several.client, 1), prometheus, lambda: clock[0], (FlagsmithError,)))
    assert [item.decision.why for item in done] == ["0 % → 5 %"] * 3
    assert shares(several) == [5, 5, 5]


@pytest.mark.parametrize("error", [FlagsmithError("status 403", 403), KeyError("datetime")])
def test_one_that_cannot_be_read_is_its_own_problem_alone(
    several: Project, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    (feature,) = [item for item in several.client.pages("/api/v1/projects/1/features/") if item["name"] == "first"]
    pages = several.client.pages

    def refused(path: str, params: Any = None) -> Any:
        if "featurestates" in path and params["feature"] == feature["id"]:
            raise error
        return pages(path, params)

    with monkeypatch.context() as patch:
        patch.setattr(several.client, "pages", refused)
        done, _ = look(several)
    assert [bool(item.problem) for item in done] == [True, False, False]
    assert (done[0].decision.action, done[0].decision.warns) == (Action.WAIT, True)
    assert done[0].problem.startswith("what is live cannot be read: ")
    assert shares(several) == [0, 5, 5]


def test_a_description_that_says_nonsense_stops_no_other_one(several: Project) -> None:
    (row,) = [item for item in several.client.pages("/api/v1/projects/1/segments/") if "first" in item["name"]]
    for good, bad in (
        ('"at_most":0.01', '"at_most":"0.01"'),
        ('"at_most":0.01', '"at_most":true'),
        ('"query":"rate_of_errors"', '"query":7'),
        ('"query":"rate_of_errors"', '"query":"","comparison":null,"name":["a"]'),
        ("[5.0,21600.0]", "[5.0,1e300]"),
        ("[5.0,21600.0]", '["5",21600.0]'),
        ("[5.0,21600.0]", "[5.0,-21600.0]"),
        ('"enabled":true', '"enabled":"no"'),
        ('"environment":"production"', '"environment":["production"]'),
    ):
        text = row["description"].replace(good, bad)
        assert text != row["description"], good
        several.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, "description": text})
        done, _ = look(several)
        assert "cannot be read" in done[0].decision.why, bad
        assert [item.problem for item in done] == ["", "", ""]
        assert warned(done) == ["first.production"]
    assert shares(several) == [0, 5, 5]


def warned(done: list[Turned]) -> list[str]:
    """The names of those of which somebody should hear."""
    return [item.found.name for item in done if item.decision.warns]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "first.elsewhere"}, "its segment is called first.elsewhere, and not first.production"),
        (
            {"description": ("production", "elsewhere")},
            "the environment elsewhere is not there, or its account may not see it",
        ),
    ],
)
def test_one_that_is_lost_in_the_middle_of_its_way_is_warned_of_until_it_is_done(
    several: Project, changes: dict[str, Any], why: str
) -> None:
    look(several)
    client = several.client
    (row,) = [item for item in client.pages("/api/v1/projects/1/segments/") if "first" in item["name"]]
    replaced = {key: row[key].replace(*value) if isinstance(value, tuple) else value for key, value in changes.items()}
    client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, **replaced})
    done, _ = look(several)
    lost = done[0]
    assert lost.decision.why.startswith(why)
    assert (lost.decision.action, lost.decision.warns, len(warned(done))) == (Action.WAIT, True, 1)
    memory = lost.found.description.memory
    assert memory is not None
    ended = replace(lost.found.description, memory=replace(memory, stage=Stage.DONE))
    client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, **replaced, "description": write(ended)})
    assert warned(look(several)[0]) == []


def test_a_prometheus_that_is_away_is_waited_for_once_and_one_slow_question_stops_no_other(several: Project) -> None:
    def away(_: int) -> None:
        raise AwayError("did not answer within 10 s")

    done, prometheus = look(several, away)
    assert prometheus.questions == ["rate_of_errors", EASIEST]
    assert {answer.why for item in done for answer in item.answers.values()} == {
        "Prometheus did not answer within 10 s"
    }
    assert shares(several) == [0, 0, 0]

    def slow(number: int) -> None:
        if number == 1:
            away(number)

    done, prometheus = look(several, slow)
    assert prometheus.questions == ["rate_of_errors", EASIEST, "rate_of_errors", "rate_of_errors"]
    assert shares(several)[1:] == [0, 0]  # that Prometheus answers again is noted first
    look(several)
    assert shares(several)[1:] == [5, 5]
