"""Kinds of faults. Each is made anew for a run: some remember what they saw."""

import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.doubles.proxy.rewriting import SDK
from tests.doubles.proxy.server import Answer, Ask, Fault, Forward, Manner

Made = Callable[[], Fault]


def manner(how: Manner, *, every: int = 1, paths: tuple[str, ...] = ()) -> Made:
    """One answer of so many is sent in another manner."""

    def made() -> Fault:
        count = itertools.count(1)

        def fault(ask: Ask, forward: Forward) -> Answer:
            answer = forward(ask)
            if paths and not ask.path.startswith(paths):
                return answer
            return replace(answer, manner=how) if next(count) % every == 0 else answer

        return fault

    return made


def errors(*, every: int, status: int = 503) -> Made:
    """One answer of so many is an error."""

    def made() -> Fault:
        count = itertools.count(1)

        def fault(ask: Ask, forward: Forward) -> Answer:
            return Answer(status, {"content-type": "text/html"}) if next(count) % every == 0 else forward(ask)

        return fault

    return made


def slow(seconds: float, *, every: int = 1, paths: tuple[str, ...] = ("/",)) -> Made:
    """One answer of so many is late."""

    def made() -> Fault:
        count = itertools.count(1)

        def fault(ask: Ask, forward: Forward) -> Answer:
            if ask.path.startswith(paths) and next(count) % every == 0:
                time.sleep(seconds)
            return forward(ask)

        return fault

    return made


def answered(start: str, change: Callable[[Answer], Answer], method: str = "") -> Made:
    """The answers under a path are changed."""

    def fault(ask: Ask, forward: Forward) -> Answer:
        answer = forward(ask)
        return change(answer) if ask.path.startswith(start) and method in ("", ask.method) else answer

    return lambda: fault


def cached(key_of: Callable[[Ask], Any], *paths: str) -> Made:
    """What was answered once is answered for ever."""

    def made() -> Fault:
        kept: dict[Any, Answer] = {}

        def fault(ask: Ask, forward: Forward) -> Answer:
            if ask.path not in paths or ask.method == "OPTIONS":
                return forward(ask)
            answer = kept.get(key_of(ask)) or forward(ask)
            if answer.status == 200:
                kept[key_of(ask)] = answer
            return answer

        return fault

    return made


def keyed(choose: Callable[[Ask, dict[str, str]], str | None], *paths: str) -> Made:
    """Another key is used than the one that was sent; those that were good before are known."""

    def made() -> Fault:
        good: dict[str, str] = {}

        def fault(ask: Ask, forward: Forward) -> Answer:
            answer = forward(ask)
            if ask.path not in SDK or ask.method == "OPTIONS":
                return answer
            if answer.status == 200 and ask.key:
                good["server" if ask.key.startswith("ser.") else "client"] = ask.key
            key = choose(ask, good)
            return forward(ask.with_key(key)) if key and key != ask.key and ask.path in paths else answer

        return fault

    return made


def lost(*methods: str) -> Made:
    """Changes are answered as if they were made, and are not."""

    def fault(ask: Ask, forward: Forward) -> Answer:
        if ask.method not in methods or ask.path in SDK or "/auth/" in ask.path:
            return forward(ask)
        kind = {"content-type": "application/json"}
        return Answer(204) if ask.method == "DELETE" else Answer(200, kind, ask.body)

    return lambda: fault


def then(first: Made, change: Callable[[Ask, Answer], Answer]) -> Made:
    """A fault whose answers are changed once more."""

    def made() -> Fault:
        fault = first()
        return lambda ask, forward: change(ask, fault(ask, forward))

    return made
