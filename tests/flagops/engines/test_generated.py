import string

import pytest

from flagops.errors import OpsError
from flagops.evaluation.generated import Placeholders, password, record_name


def test_a_password_has_the_length_and_kinds_of_characters_asked_for() -> None:
    value = password("p", {"length": 40, "special": False, "upper": False, "minNumeric": 30})
    assert len(value) == 40
    assert set(value) <= set(string.ascii_lowercase + string.digits)
    assert sum(character.isdigit() for character in value) >= 30


def test_special_characters_come_from_the_override_when_there_is_one() -> None:
    value = password("p", {"length": 30, "overrideSpecial": "-_", "minSpecial": 30})
    assert set(value) <= {"-", "_"}


def test_two_passwords_differ() -> None:
    assert password("p", {"length": 32}) != password("p", {"length": 32})


@pytest.mark.parametrize(
    "inputs",
    [
        {"length": 2, "minUpper": 3},
        {"length": 8, "upper": False, "lower": False, "numeric": False, "special": False},
    ],
)
def test_inputs_that_no_value_satisfies_are_an_error_naming_the_resource(inputs: dict[str, object]) -> None:
    with pytest.raises(OpsError, match="RandomPassword 'p'"):
        password("p", inputs)


def test_placeholders_become_readable_wherever_they_are() -> None:
    stand_ins = Placeholders()
    text = f"a {stand_ins['one']} b {stand_ins['one-more']}"
    assert stand_ins.readable(text) == "a <generated: one> b <generated: one-more>"


def test_a_value_is_on_record_by_its_name_and_its_keepers() -> None:
    assert record_name("data-password", {"length": 32}) == "data-password"
    assert record_name("data-password", {"length": 40, "keepers": {}}) == "data-password"
    renewed = record_name("data-password", {"length": 32, "keepers": {"a": "1", "b": "2"}})
    assert renewed.startswith("data-password.")
    assert renewed == record_name("data-password", {"length": 40, "keepers": {"b": "2", "a": "1"}})
    assert renewed != record_name("data-password", {"length": 32, "keepers": {"a": "1", "b": "3"}})
