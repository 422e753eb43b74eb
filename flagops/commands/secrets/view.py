"""How secrets are shown to people: never a value."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from flagops.commands.secrets import record
from flagops.commands.secrets.catalogue import GENERATED, cost, secret_of
from flagops.errors import NotFoundError
from flagops.kubernetes.refusals import DeniedError
from flagops.stacks.deployed import Instance
from flagops.terminal.listing import Column, Gives, Listing


@dataclass(frozen=True)
class SecretRow:
    """One secret of a stack.

    Attributes:
        name: Its name.
        secret: The Secret that holds it.
        use: What it is for.
        readers: Who reads it.
        cost: What renewing it costs.
        rotations: How often it was renewed; None when the program does not generate it.
        last: When `ff` renewed it last; empty for never.
        elsewhere: Why it is not generated; empty when it is.
        is_there: Whether the Secret of a generated one is in the namespace; None when you may not read it.
    """

    name: str
    secret: str
    use: str
    readers: str
    cost: str
    rotations: int | None
    last: str
    elsewhere: str
    is_there: bool | None


def rows(instance: Instance) -> list[SecretRow]:
    """All secrets that the program can generate."""
    # The settings' model takes a second to import.
    from components.settings import sources

    known = record.rotations(instance)
    found = []
    for item in GENERATED:
        reason = sources.elsewhere(instance.settings, item.name)
        number = None if reason else int(getattr(instance.settings.rotations, item.name))
        last = known[item.name].finished if item.name in known else ""
        secret = secret_of(item, instance.settings)
        there = None if reason else _is_there(instance, secret)
        if item.name == "sdk" and there is False:
            # Of an older stack, until it adopts an environment.
            reason, number, there = (
                f"no environment is adopted, `ff keys adopt --stack {instance.stack.name}`",
                None,
                None,
            )
        found.append(
            SecretRow(
                item.name,
                secret,
                item.use,
                item.readers,
                cost(item, instance.settings),
                number,
                last,
                reason or "",
                there,
            )
        )
    return found


def _is_there(instance: Instance, name: str) -> bool | None:
    try:
        return instance.get("v1", "Secret", name) is not None
    except DeniedError:
        return None


def require_there(instance: Instance, found: Sequence[SecretRow]) -> None:
    """Raise OpsError naming the Secrets that are missing, so that nothing has their secrets."""
    missing = dict.fromkeys(row.secret for row in found if row.is_there is False)
    if missing:
        raise NotFoundError(
            f"Missing in the namespace {instance.namespace}: {', '.join(missing)}.",
            hint=f"Is the stack deployed? `ff up --stack {instance.stack.name}` makes them.",
        )


def unseen(found: Sequence[SecretRow]) -> bool:
    """Whether you may not read a Secret, so that nobody looked whether it is there."""
    return any(row.is_there is None and not row.elsewhere for row in found)


def show(console: Console, found: Sequence[SecretRow]) -> None:
    """Print them as a table."""
    table = Listing(
        [
            Column("NAME"),
            Column("ROTATIONS"),
            Column("LAST"),
            Column("FOR", Gives.SHORTENED),
            Column("READ BY", Gives.LEFT_OUT),
            Column("RENEWING IT COSTS", Gives.BELOW),
        ]
    )
    for row in found:
        if row.elsewhere:
            table.add(row.name, "-", "", row.use, row.readers, f"not generated: {row.elsewhere}")
        else:
            number = "missing" if row.is_there is False else str(row.rotations)
            table.add(row.name, number, row.last[:10], row.use, row.readers, row.cost)
    console.print(table)
