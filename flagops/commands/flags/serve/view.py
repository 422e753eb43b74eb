"""What `ff flags serve` prints: addresses and keys, and a line for each change."""

from collections.abc import Mapping

from rich.console import Console

from flagops.serving.model.declared import Keys
from flagops.serving.server.state import ServedState
from flagops.terminal.listing import Column, Gives, Listing


def show(console: Console, state: ServedState, address: str) -> None:
    """Where it is, what it serves, and the keys."""
    flags = max((len(item.document["feature_states"]) for item in state.environments.values()), default=0)
    environments = len(state.environments)
    counts = f"{_plural(flags, 'flag')}, {_plural(environments, 'environment')}"
    console.print(f"{state.label} ({counts}) is served at {address} until Ctrl-C.", style="green", markup=False)
    console.print(table(state.keys))
    console.print(f"In a browser {address} is a page with switches, and with who gets what and why.")
    console.print(f"SDKs take {address}api/v1/ as their API's address, and {address} for real-time updates.")
    console.print(f"OpenFeature's providers (OFREP) take {address} and a key as X-API-Key.")
    for note in state.loaded.notes:
        console.print(note, style="yellow", markup=False, soft_wrap=True)


def table(keys: Mapping[str, Keys]) -> Listing:
    """The keys of each environment."""
    made = Listing([Column("ENVIRONMENT"), Column("CLIENT-SIDE KEY"), Column("SERVER-SIDE KEY", Gives.BELOW)])
    for name, found in keys.items():
        made.add(name, found.client_side, found.server_side)
    return made


def _plural(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
