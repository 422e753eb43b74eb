"""Replace a function for a test in every file that has imported it."""

import importlib
import sys
from typing import Any

import pytest

from tests.commands import EVERY


def replace_everywhere(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    """Replace `package.module.function`, by that name or another, in all of `flagops`."""
    assert EVERY, "a module that is imported later would keep the replacement for good"
    module, _, function = name.rpartition(".")
    original = getattr(importlib.import_module(module), function)
    for known in [one for path, one in sys.modules.items() if path.startswith("flagops.")]:
        for bound, target in list(vars(known).items()):
            if target is original:
                monkeypatch.setattr(known, bound, value)
