"""What the tests have in place of parts of Pulumi's SDK answers as these do."""

from collections.abc import Callable

import pytest
from pulumi import Resource
from pulumi.output import UNKNOWN
from pulumi.runtime import resource_cycle_breaker, rpc

from tests.pulumi_shortcuts import SDK, SHORTCUTS, replaced
from tests.recording import STACKS, run


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_registers_the_same(stack: str) -> None:
    with replaced(SHORTCUTS):
        short = run(stack)
    with replaced(SDK):
        own = run(stack, generated=short.program.generated)
    assert short.registrations == own.registrations
    assert short.program == own.program


class Thing(Resource):
    """A resource of no program."""

    def __init__(self) -> None:
        pass


def depends(*pairs: tuple[int, int]) -> list[bool]:
    things = [Thing() for _ in range(5)]
    return [resource_cycle_breaker.declare_dependency(things[one], things[other]) for one, other in pairs]


@pytest.mark.parametrize(
    "ask",
    [
        lambda: depends((0, 1), (1, 2), (2, 0), (2, 3), (0, 3), (3, 1), (4, 4), (3, 4), (4, 0)),
        lambda: [
            rpc.contains_unknowns(value)
            for value in (
                "",
                "text",
                1,
                None,
                [],
                {},
                [1, {"a": [UNKNOWN]}],
                {"a": {"b": UNKNOWN}},
                UNKNOWN,
                (UNKNOWN,),
            )
        ],
    ],
    ids=["circles", "unknown values"],
)
def test_an_answer_is_the_same(ask: Callable[[], list[bool]]) -> None:
    with replaced(SDK):
        own = ask()
    with replaced(SHORTCUTS):
        assert ask() == own
    assert {True, False} == set(own)
