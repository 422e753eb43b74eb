"""An address that is refused is shown, unless a password or a token could be in it."""

import pytest

from flagops.errors import OpsError
from flagops.flagsmith_api.address import checked


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hunter2@flags.example.com",
        "https://me:hunter2/x@flags.example.com",
        "https://me:hunter2 x@flags.example.com",
        "me:hunter2@flags.example.com",
        "https://flags.example.com/?token=hunter2",
        "https://flags.example.com/hunter2",
        "https://flags.example.com:hunter2",
        "hunter2://flags.example.com",
        "ser.hunter2hunter2",
    ],
)
def test_no_password_of_an_address_is_repeated(url: str) -> None:
    with pytest.raises(OpsError, match="--url") as caught:
        checked(url)
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("url", ["flags.example.com", "ftp://flags.example.com"])
def test_an_address_without_one_is_shown(url: str) -> None:
    with pytest.raises(OpsError, match=f"--url '{url}' must be http:// or https://"):
        checked(url)
