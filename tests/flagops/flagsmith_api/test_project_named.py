"""A project that is spelt otherwise: what to write in its place can be typed, whatever it is called."""

import shlex

import pytest

from components.text import yaml12
from flagops.errors import NotFoundError
from flagops.flagsmith_api.connect import connect
from tests.doubles.flagsmith import Flagsmith, serve
from tests.flagops.commands.flags.support import API_KEY


@pytest.mark.parametrize("name", ["Foot", "Foot: the club's $app", '"Ähm" #1', "No"])
def test_the_name_that_is_told_is_quoted_for_where_it_is_written(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    double = Flagsmith(project=name)
    double.database.api_keys.add(API_KEY)
    monkeypatch.setenv("FLAGSMITH_API_KEY", API_KEY)
    with (
        serve(double),
        pytest.raises(NotFoundError) as caught,
        connect(stack=None, url=double.url, project=name.lower().swapcase()),
    ):
        pass
    said = str(caught.value.hint).removeprefix("Write `").removesuffix(" where the command has it.")
    line, option = said.split("` in the catalogue, or ")
    assert yaml12.read(line) == {"project": name}
    assert shlex.split(option) == ["--project", name]
