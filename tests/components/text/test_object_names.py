"""What people call an environment becomes a part of an object's name that Kubernetes takes."""

import pytest

from components.settings.sections.secret_store import own_name, sdk_keys
from components.settings.types import is_dns_name
from components.text.object_names import in_a_name
from tests.components.settings.support import settings


@pytest.mark.parametrize(
    "name", ["production", "Älpha", "a b", "中文", "-", "a" * 44, "a" * 45, "a-" * 50, "é" * 100, "0" * 100]
)
def test_each_is_a_name_and_a_stack_can_have_it(name: str) -> None:
    secret = own_name(sdk_keys(name))
    assert is_dns_name(secret)
    assert settings(admin={"environments": [name]}).sdk_secret(name).name == secret


def test_long_ones_that_begin_alike_are_told_apart_and_short_ones_stay_as_they_were() -> None:
    assert in_a_name("a" * 45 + "1") != in_a_name("a" * 45 + "2")
    assert in_a_name("a" * 44) == "a" * 44
    assert in_a_name("EU staging") == "eu-staging"
