"""Where flags are asked for, and the three SDKs that ask: in Python, in Node, and in a page in React."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from tests.demo import screens
from tests.demo.ending import Ending
from tests.demo.programs import environment, run
from tests.demo.screens import Screen
from tests.demo.telling import StepError, command, say
from tests.examples.conftest import EXAMPLES

USERS: Final = tuple(f"user-{number}" for number in range(1, 501))


@dataclass(frozen=True)
class Place:
    """Where SDKs ask.

    Attributes:
        url: The address without the API's path, with a slash.
        key: The client-side key of one environment.
        page: The address of the page in React that asks there; None where it is not served.
    """

    url: str
    key: str
    page: str | None

    @property
    def api(self) -> str:
        return f"{self.url}api/v1/"

    def post(self, path: str, body: str) -> None:
        """Send JSON to it."""
        httpx.post(f"{self.url}{path}", content=body, timeout=10).raise_for_status()

    def who_has(self, flag: str) -> frozenset[str]:
        """Who of five hundred users has a flag."""
        with httpx.Client(headers={"X-Environment-Key": self.key}, timeout=10) as client:
            return frozenset(user for user in USERS if self._has(client, user, flag))

    def _has(self, client: httpx.Client, user: str, flag: str) -> bool:
        body = {"identifier": user, "traits": [], "transient": True}
        rows = client.post(f"{self.api}identities/", json=body).raise_for_status().json()["flags"]
        return any(row["enabled"] for row in rows if row["feature"]["name"] == flag)


@dataclass(frozen=True)
class Sdks:
    """The programs of `examples/`, each with an SDK of its own.

    Attributes:
        home: For what they write.
        screen: The browser that looks at the page; or why there is none.
    """

    ending: Ending
    home: Path
    screen: Screen | str

    def left_out(self) -> Iterator[str]:
        """Which of them cannot run here, and why."""
        for name, example in (("Node", "node"), ("React", "react")):
            reason = screens.missing_node(EXAMPLES / example)
            if reason:
                yield f"{name}: {reason}"
            elif name == "React" and isinstance(self.screen, str):
                yield f"what the page in React shows: {self.screen}"

    def see(self, place: Place, user: str, flag: str, *, wanted: bool) -> None:
        """Let each say what a user has, and tell it. Raises StepError where one says something else."""
        seen = {"Python": self._python(place, user, flag)}
        if screens.missing_node(EXAMPLES / "node") is None:
            seen["Node"] = self._node(place, user, flag)
        if isinstance(self.screen, Screen) and place.page is not None:
            seen["React"] = self._react(self.screen, place.page, user, flag)
        wrong = " and ".join(name for name, is_on in seen.items() if is_on is not wanted)
        if wrong:
            raise StepError(f"{flag} should be {_word(wanted)} for {user}, and is not in {wrong}.")

    def _python(self, place: Place, user: str, flag: str) -> bool:
        words = ("-m", "footanalytics", *_options(user))
        command(("python", *words))
        return self._program("Python", (sys.executable, *words), place, flag)

    def _node(self, place: Place, user: str, flag: str) -> bool:
        words = ("node", "src/main.js", *_options(user))
        command(words)
        return self._program("Node", words, place, flag)

    def _program(self, name: str, words: tuple[str, ...], place: Place, flag: str) -> bool:
        asks = {"FLAGSMITH_API_URL": place.api, "FLAGSMITH_ENVIRONMENT_KEY": place.key}
        variables = environment(self.home, PYTHONDONTWRITEBYTECODE="1", **asks)
        found = json.loads(run(self.ending, words, EXAMPLES / name.lower(), variables).text)
        if found["problem"] is not None:
            raise StepError(f"The program in {name} got no flags: {found['problem']}.")
        is_on = bool(found["flags"][flag]["enabled"])
        say(f"{name} says: {flag} is {_word(is_on)}.")
        return is_on

    def _react(self, screen: Screen, page: str, user: str, flag: str) -> bool:
        is_on = screen.has(page, user, flag)
        shows = "shows" if is_on else "does not show"
        say(f"React {shows} {screens.PARTS[flag][1]}, at {screens.of_user(page, user)}")
        return is_on


def _options(user: str) -> tuple[str, ...]:
    return ("--identity", user, "--users", "0", "--json")


def _word(is_on: bool) -> str:
    return "on" if is_on else "off"
