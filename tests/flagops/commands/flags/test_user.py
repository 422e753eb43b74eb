"""The user of `ff flags explain`, as given on the command line."""

import pytest

from flagops.errors import OpsError
from flagops.serving.engine.user import user


def test_traits_are_read_as_yaml() -> None:
    given = ["a=true", "b=1", "c=1.5", 'd="true"', "e=text", "f=2024-06-01", "g=x=y", "h=''"]
    found = user("somebody", given).traits
    assert found == {"a": True, "b": 1, "c": 1.5, "d": "true", "e": "text", "f": "2024-06-01", "g": "x=y", "h": ""}
    assert found["a"] is True


@pytest.mark.parametrize(
    ("identity", "given", "message"),
    [
        ("somebody", ["plan"], "must be NAME=VALUE"),
        ("somebody", ["=premium"], "must be NAME=VALUE"),
        ("somebody", ["a=1", "a=2"], "is given twice"),
        ("somebody", ["a=[1, 2]"], "must be true, false, a number or text"),
        ("somebody", ["a="], "must be true, false, a number or text"),
        ("somebody", ["a=[1"], "is not YAML"),
        ("somebody", [f"a={'x' * 2001}"], "Flagsmith takes 2000"),
        ("", [], "is empty"),
        (None, ["a=1"], "There are traits, but no user"),
    ],
)
def test_what_is_no_trait_is_refused(identity: str | None, given: list[str], message: str) -> None:
    with pytest.raises(OpsError, match=message):
        user(identity, given)
