"""Reads back what an environment serves, as an SDK that asks the server gets it."""

import time
from dataclasses import dataclass

from flagops.commands.flags.catalogue.values import same
from flagops.commands.flags.switch.wanted import Wanted
from flagops.commands.flags.switch.write import FlagSwitch
from flagops.errors import AnswerError
from flagops.flagsmith_api import served
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.deployed import Environment
from flagops.waiting import NotYet, until

SECONDS = 60.0
PAUSE = 0.25
"""Seconds between two questions."""


@dataclass(frozen=True)
class ServedAs:
    """How a flag shows in what an environment serves to clients.

    Attributes:
        name: The flag's.
        server_side_only: Whether no client gets it.
        hides: Whether the environment leaves out flags that are off.
    """

    name: str
    server_side_only: bool
    hides: bool


@dataclass(frozen=True)
class SwitchSeen:
    """What was seen of a switch.

    Attributes:
        seconds: After how many it was served.
        is_off: Whether the flag is off there.
        unseen: Why all of it was not seen, in words; empty where it was.
    """

    seconds: float
    is_off: bool
    unseen: str = ""


def seen(
    client: FlagsmithClient,
    environment: Environment,
    flag: ServedAs,
    wanted: Wanted,
    switch: FlagSwitch,
    *,
    since: float,
) -> SwitchSeen:
    """What was seen of it: server-side flags are in no client's answer, nor are hidden ones.

    What clients get says nothing of segments and single users: these are read back as the database has them. A flag
    that is missing was seen to be off, where flags that are off are hidden; its value was not. `since` is when it was
    written.

    Raises OpsError where something else is served for a minute, or the database has something else.
    """
    if not switch.is_so(wanted):
        raise AnswerError(
            f"{environment.name} no longer has {flag.name} as it was written: somebody changed it since.",
            hint="`ff flags plan` says who; run it again if it is yours to decide.",
        )
    is_off = not (switch.own()["enabled"] if wanted.enabled is None else wanted.enabled)
    if flag.server_side_only:
        return SwitchSeen(time.monotonic() - since, is_off=is_off, unseen="clients do not get it")
    is_hidden = is_off and flag.hides

    def ask() -> bool | NotYet:
        found = next((item for item in served.flags(client, environment.key) if item.name == flag.name), None)
        if found is None:
            return is_hidden or NotYet("it is not among what is served")
        is_so = wanted.enabled in (None, found.enabled) and (not wanted.has_value or same(found.value, wanted.value))
        return is_so or NotYet(f"{'on' if found.enabled else 'off'}, with the value {found.value!r}")

    until(
        ask,
        SECONDS,
        late=f"{environment.name} goes on serving {flag.name} as it was",
        hint="It is written: `ff flags get` shows what is served, `ff cache flush` empties the caches.",
        longest_pause=PAUSE,
    )
    unseen = "it is off, and hidden from clients while it is" if is_hidden and wanted.has_value else ""
    return SwitchSeen(time.monotonic() - since, is_off=is_off, unseen=unseen)
