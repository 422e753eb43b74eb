"""Which keys are used, ended and deleted; their names; lengths of time."""

from datetime import UTC, datetime, timedelta

import pytest

from flagops.commands.flags.catalogue.model import Delivery
from flagops.commands.keys.model import ServerKey, key_name
from flagops.commands.keys.plan import KeyPlan, plan
from flagops.errors import OpsError
from flagops.terminal.duration import duration

NOW = datetime(2027, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=24)


def key(number: int, ends: datetime | None = None, *, active: bool = True) -> ServerKey:
    return ServerKey(number, "ff: shop/keys", f"ser.{number}", NOW, ends, active)


def decided(*keys: ServerKey, rotates: bool = False, is_wanted: bool = True, until: datetime = LATER) -> KeyPlan:
    return plan(keys, is_wanted=is_wanted, rotates=rotates, now=NOW, until=until)


def test_the_only_key_is_used() -> None:
    assert decided(key(1)) == KeyPlan(key(1), needs_key=False, is_resumed=False, ending=(), over=())


def test_without_a_key_one_is_made() -> None:
    assert decided().needs_key
    assert decided(key(1, LATER)).needs_key
    assert decided(key(1, active=False)).needs_key


def test_a_rotation_makes_one_and_ends_the_other() -> None:
    assert decided(key(1), rotates=True) == KeyPlan(None, needs_key=True, is_resumed=False, ending=(key(1),), over=())


def test_of_two_keys_without_an_end_the_newest_is_used_and_none_made() -> None:
    for rotates in (False, True):
        found = decided(key(1), key(2), rotates=rotates)
        assert found == KeyPlan(key(2), needs_key=False, is_resumed=True, ending=(key(1),), over=())


def test_what_is_over_is_deleted_and_what_is_not_yet_stays() -> None:
    found = decided(key(1, NOW), key(2, LATER), key(3))
    assert (found.ending, found.over) == ((), (key(1, NOW),))


def test_only_a_rotation_brings_an_end_forward() -> None:
    keys = (key(1, LATER + timedelta(days=7)), key(2))
    assert decided(*keys).ending == ()
    assert decided(*keys, rotates=True).ending == keys


def test_without_an_overlap_all_older_ones_are_deleted() -> None:
    found = decided(key(1, LATER), key(2), rotates=True, until=NOW)
    assert (found.ending, found.over) == ((), (key(1, LATER), key(2)))


def test_where_none_is_wanted_all_come_to_their_end() -> None:
    assert decided(key(1), is_wanted=False) == KeyPlan(
        None, needs_key=False, is_resumed=False, ending=(key(1),), over=()
    )


def test_a_key_is_in_no_representation() -> None:
    assert "ser." not in repr(key(1))


def test_long_names_stay_apart_and_fit() -> None:
    names = {
        key_name(Delivery(environment="production", namespace="n" * 63, secret="s" * 62 + last)) for last in ("a", "b")
    }
    assert len(names) == 2
    assert {len(name) for name in names} == {100}


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0", timedelta()),
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("24h", timedelta(days=1)),
        ("7d", timedelta(days=7)),
    ],
)
def test_lengths_of_time(text: str, length: timedelta) -> None:
    assert duration(text, "--overlap") == length


@pytest.mark.parametrize("text", ["", "24", "-1h", "1.5h", "1w", "9999999h", "400d", "1h30m"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(OpsError, match="--overlap"):
        duration(text, "--overlap")
