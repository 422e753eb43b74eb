"""Switches a flag in several environments: all are written first, and then all are looked at."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from flagops.commands.flags.reconcile.apply.at_once import AtOnce
from flagops.commands.flags.switch.served import ServedAs, seen
from flagops.commands.flags.switch.wanted import Wanted, require_same_kind
from flagops.commands.flags.switch.write import FlagSwitch, Switched
from flagops.errors import OpsError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import Environment


@dataclass(frozen=True)
class Outcome:
    """What became of one environment.

    Attributes:
        environment: Which.
        done: What was written; None where nothing was.
        seconds: After how many it was served.
        is_off: Whether the flag is off there then.
        unseen: Why that was not seen, in words; empty where it was.
        problem: What went wrong, in writing or in looking.
        is_whole: Whether writing came to its end, as far as is known.
    """

    environment: Environment
    done: Switched | None
    seconds: float = 0.0
    is_off: bool = False
    unseen: str = ""
    problem: OpsError | None = None
    is_whole: bool = True

    @property
    def is_seen(self) -> bool:
        """Whether it was seen to be served."""
        return self.problem is None and not self.unseen

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        done = self.done or Switched(0, 0, 0)
        return {
            "environment": self.environment.name,
            "changed": done.changed,
            "seconds": round(self.seconds, 1),
            "overrides": done.overrides,
            "users": done.users,
            "problem": self.problem.message if self.problem else None,
        }


class Several:
    """One flag in several environments."""

    def __init__(self, connection: Connection, row: Mapping[str, Any], places: Sequence[Environment]) -> None:
        self._connection, self._row = connection, row
        at_once = AtOnce(connection.client)
        self._switches = {
            place: FlagSwitch(connection.client, place, row["id"], at_once) for place in dict.fromkeys(places)
        }

    def require_same_kind(self, wanted: Wanted) -> None:
        """Raise OpsError, before anything is written, where the value would become one of another kind."""
        there = {place.name: switch.value() for place, switch in self._switches.items()}
        require_same_kind(self._row["name"], wanted, there)

    def set(self, wanted: Wanted, reason: str) -> list[Outcome]:
        """Write it everywhere, one after the other, and read it back everywhere at the same time.

        Where writing fails the others go on: an incident does not wait for one environment.
        """
        written: dict[Environment, tuple[Switched | OpsError, float]] = {}
        for place, switch in self._switches.items():
            try:
                done: Switched | OpsError = switch.write(wanted, reason)
            except OpsError as error:
                done = error
            written[place] = done, time.monotonic()
        with ThreadPoolExecutor(max(len(written), 1)) as pool:
            return list(pool.map(lambda place: self._look(place, *written[place], wanted), written))

    def look_again(self, wanted: Wanted, outcomes: Sequence[Outcome]) -> list[str]:
        """The environments that have it otherwise by now."""
        written = [item.environment for item in outcomes if item.done is not None]
        return [place.name for place in written if not self._switches[place].is_so(wanted)]

    def _look(self, place: Environment, done: Switched | OpsError, since: float, wanted: Wanted) -> Outcome:
        if isinstance(done, OpsError):
            return self._failed(place, done, wanted)
        flag = ServedAs(self._row["name"], bool(self._row.get("is_server_key_only")), self._hides(place))
        try:
            looked = seen(self._connection.client, place, flag, wanted, self._switches[place], since=since)
        except OpsError as error:
            return Outcome(place, done, time.monotonic() - since, problem=error)
        return Outcome(place, done, looked.seconds, is_off=looked.is_off, unseen=looked.unseen)

    def _failed(self, place: Environment, problem: OpsError, wanted: Wanted) -> Outcome:
        """A refusal, or an answer that was lost, may come after a part was written: only the server knows."""
        try:
            part = self._switches[place].in_part(wanted)
        except OpsError:
            part = None
            problem = problem.reworded(f"{problem.message} Nobody can be asked whether a part of it was written.")
        return Outcome(place, part, problem=problem, is_whole=False)

    def _hides(self, place: Environment) -> bool:
        own = place.hides_disabled
        return bool(self._connection.rules.get("hide_disabled_flags")) if own is None else own
