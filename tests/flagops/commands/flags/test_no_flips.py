"""Users do not flip: who is in a share stays in while it grows, through 100 and through the removal of its steps."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.rollouts.in_pod.declared import Declared
from flagops.commands.flags.catalogue.load import parse
from flagops.commands.flags.documents.documents import documents
from flagops.commands.flags.reconcile.desired import desired
from flagops.serving.engine.context import context_of, evaluate, for_user

USERS = 3000
BEFORE = """project: p
environments: [production]
segments:
  beta: {description: B, all: [{trait: beta, operator: EQUAL, value: true}]}
flags:
  banner:
    description: A banner.
    owner: web
    kind: ops
    enabled: false
"""
STEPS = "    rollout: {steps: [{to: 1, for: 1h}, {to: 50, for: 1h}, {to: 100}]%s}\n"


def who(text: str, share: float = 0) -> frozenset[int]:
    """Whom the vendor's engine gives the flag, of thousands, with the share that is live."""

    def live(_: Declared) -> float:
        return share

    declared, _ = parse(text, Path("catalogue.yaml"))
    (made,) = documents("p", desired(declared, live))
    context = context_of(made.document)
    found = set()
    for user in range(USERS):
        said = evaluate(for_user(context, f"user-{user}", {"beta": user % 3 == 0}))
        if said["flags"]["banner"]["enabled"]:
            found.add(user)
    return frozenset(found)


@cache
def of_everyone(share: float) -> frozenset[int]:
    return who(BEFORE + STEPS % "", share)


@cache
def of_a_segment(share: float) -> frozenset[int]:
    return who(BEFORE + STEPS % ", segment: beta", share)


SHARES = (0.0, 0.1, 1.0, 10.0, 33.3, 50.0, 99.9, 100.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(SHARES), min_size=2, max_size=6))
def test_a_greater_share_has_all_of_a_smaller_one_in_whatever_order_they_come(shares: list[float]) -> None:
    for before, after in pairwise(shares):
        # Up: nobody falls out. Down: who is left was in before all of them.
        less, more = sorted((before, after))
        assert of_everyone(less) <= of_everyone(more)
        assert of_a_segment(less) <= of_a_segment(more)


@pytest.mark.parametrize("share", SHARES)
def test_a_share_is_as_large_as_it_says_and_nothing_is_nobody(share: float) -> None:
    assert len(of_everyone(share)) == pytest.approx(USERS * share / 100, abs=USERS * 0.03)
    if share in (0.0, 100.0):
        assert len(of_everyone(share)) == USERS * share / 100
        assert of_a_segment(share) == (frozenset(range(0, USERS, 3)) if share else frozenset())


def test_who_has_it_keeps_it_when_the_steps_leave_the_catalogue() -> None:
    on = BEFORE.replace("enabled: false", "enabled: true")
    assert of_everyone(100) == who(on)
    # A share that stays is the same share: it is drawn by the same segment.
    fixed = who(BEFORE + "    rollout: 50\n")
    assert of_everyone(50) == fixed
    assert of_a_segment(50) == who(BEFORE + "    rollout: {segments: {beta: 50}}\n")
    assert of_a_segment(100) == who(BEFORE + "    targeting: [{segment: beta, enabled: true}]\n")


def test_nobody_is_nobody_even_for_the_user_whose_number_is_0() -> None:
    """The engine takes in whose number is not above the share: at 0 % that is one of ten thousand."""
    declared, _ = parse(BEFORE + STEPS % "", Path("catalogue.yaml"))
    (condition,) = desired(declared).segments["banner.production"].rules.splits
    assert float(condition.value or 0) < 0
