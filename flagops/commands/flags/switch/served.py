"""Reads back what an environment serves, as an SDK that asks the server gets it."""

import time

from flagops.commands.flags.switch.write import FlagSwitch, Wanted
from flagops.errors import AnswerError
from flagops.flagsmith_api import served
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.deployed import Environment
from flagops.waiting import NotYet, until

SECONDS = 60.0
PAUSE = 0.25
"""Seconds between two questions."""


def seen(
    client: FlagsmithClient, environment: Environment, name: str, wanted: Wanted, switch: FlagSwitch
) -> tuple[float, bool]:
    """After how many seconds it was served, and whether that was seen: server-side flags are in no client's answer.

    Raises OpsError where something else is served for a minute.
    """
    began = time.monotonic()

    def ask() -> bool | NotYet:
        found = next((item for item in served.flags(client, environment.key) if item.name == name), None)
        if found is None:
            return False  # off and hidden, or for server-side keys alone
        is_so = wanted.enabled in (None, found.enabled) and (not wanted.has_value or found.value == wanted.value)
        return is_so or NotYet(f"{'on' if found.enabled else 'off'}, with the value {found.value!r}")

    is_seen = until(
        ask,
        SECONDS,
        late=f"{environment.name} goes on serving {name} as it was",
        hint="It is written: `ff flags get` shows what is served, `ff cache flush` empties the caches.",
        longest_pause=PAUSE,
    )
    own = None if is_seen else switch.own()
    if own is not None and wanted.enabled not in (None, own["enabled"]):
        raise AnswerError(f"{environment.name} has {name} as it was, though it was written.")
    return time.monotonic() - began, is_seen
