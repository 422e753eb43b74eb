"""The packages of the examples can be had from any registry."""

import json

import pytest

from tests.examples.conftest import EXAMPLES


@pytest.mark.parametrize("example", ["node", "react"])
def test_a_lock_file_names_no_registry(example: str) -> None:
    packages = json.loads((EXAMPLES / example / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    locked = {name: package for name, package in packages.items() if name}
    assert [name for name, package in locked.items() if "resolved" in package] == []
    assert [name for name, package in locked.items() if "integrity" not in package] == []
