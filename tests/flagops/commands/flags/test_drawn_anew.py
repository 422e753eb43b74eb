"""Whom a plan names where a rollout takes another segment, or its flag another name: who has it does not keep it."""

import pytest

from tests.flagops.commands.flags.rolling import CATALOGUE, Rolling
from tests.flagops.commands.flags.test_running_brought import OF_BETA, PLAIN

FIXED = PLAIN[: PLAIN.index("    rollout:")] + "    rollout: {%s}\n"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            PLAIN,
            OF_BETA,
            (
                "segment banner.production: 5 % of its users have banner in production, and leave it: "
                "banner.production.beta draws anew"
            ),
        ),
        (OF_BETA, PLAIN, "segment banner.production.beta: 5 % of its users have banner in production, and leave it: "),
        (PLAIN, PLAIN.replace("banner:", "poster:"), "it leaves the catalogue: a flag of another name draws other"),
        (FIXED % "everyone: 5", FIXED % "segments: {beta: 5}", "banner.production: 5 % of its users have banner in"),
        (PLAIN, PLAIN.replace("to: 50", "to: 20"), None),
        (PLAIN, FIXED % "everyone: 5", None),
    ],
    ids=["a segment", "everyone", "another name", "a fixed share", "other steps", "an end of the steps"],
)
def test_a_plan_says_who_loses_a_share(rolling: Rolling, before: str, after: str, said: str | None) -> None:
    rolling.name = "banner.production.beta" if before == OF_BETA else rolling.name
    assert rolling.apply(before).exit_code == 0
    if "steps" in before:
        assert rolling.turn().decision.share == 5
    rolling.path.write_text(after, encoding="utf-8")
    shown = " ".join(rolling.ff("plan").stdout.split())
    assert said is None or said in shown
    assert ("of its users have" in shown) == (said is not None)


def test_one_that_nobody_has_yet_is_lost_to_nobody(rolling: Rolling) -> None:
    rolling.path.write_text(CATALOGUE.replace("banner:", "poster:"), encoding="utf-8")
    assert "of its users have" not in rolling.ff("plan").stdout
