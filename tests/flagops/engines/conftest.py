"""The small program as a stack of its own in each test."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from flagops.stacks.files import Stack, load_stack

PROGRAM = Path(__file__).parent / "program"


def sample_stack(name: str, **settings: object) -> Stack:
    """The stack of the small program, called `name`, in a namespace of the same name."""
    stack = load_stack("local", PROGRAM)
    own = {f"sample:{key}": value for key, value in {"namespace": name, **settings}.items()}
    return replace(stack, name=name, config={**stack.config, **own})


@pytest.fixture
def sample() -> Callable[..., Stack]:
    name = f"sample-{uuid4().hex[:8]}"
    return lambda **settings: sample_stack(name, **settings)
