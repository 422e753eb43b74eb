"""What is said about deliveries."""

from collections.abc import Iterator, Sequence

from flagops.commands.keys.adopt import Adoption
from flagops.commands.keys.listing import KeyRow, moment
from flagops.commands.keys.model import DeliveryResult, place
from flagops.commands.keys.sync import Leftover
from flagops.terminal.listing import Column, Gives, Listing


def listing(found: Sequence[KeyRow]) -> Listing:
    """The keys as a table."""
    table = Listing(
        [
            Column("ENVIRONMENT"),
            Column("KIND"),
            Column("ACTIVE"),
            Column("KEY"),
            Column("NAME", Gives.SHORTENED),
            Column("EXPIRES", Gives.LEFT_OUT),
            Column("CREATED", Gives.LEFT_OUT),
            Column("NOTE", Gives.BELOW),
        ]
    )
    for row in found:
        active = "yes" if row.active else "no"
        table.add(
            *(row.environment, row.kind, active, row.key, row.name, row.expires or "", row.created or "", row.note)
        )
    return table


def lines(result: DeliveryResult) -> Iterator[str]:
    """What was done for one delivery; nothing for one that was right already."""
    what = f"{place(result.delivery)} ({result.delivery.environment})"
    parts = [
        f"the Secret is {result.written}" if result.written else "",
        "with a new server-side key" if result.has_new_key else "",
        "an earlier rotation is completed" if result.is_resumed else "",
        f"{_keys(result.ending)} until {moment(result.until)}" if result.ending and result.until else "",
        f"{_keys(result.deleted)} deleted" if result.deleted else "",
    ]
    done = ", ".join(part for part in parts if part)
    if done:
        yield f"{what}: {done}."
    if result.restart:
        held = "no keys, if they started without this Secret," if result.written == "created" else "the old keys"
        yield f"  Their pods have {held} until they are restarted:"
        yield from (f"    {command}" for command in result.restart)


def problem(result: DeliveryResult) -> Iterator[str]:
    """Why a delivery failed, and what to do."""
    if result.problem is None:
        return
    yield f"Error: {place(result.delivery)} ({result.delivery.environment}): {result.problem.message}"
    if result.problem.hint:
        yield f"  {result.problem.hint}"


def adoption(found: Adoption, *, stack: str, file: str) -> Iterator[str]:
    """What became of each environment, and what is to be done."""
    if found.adopted:
        yield (
            f"{file} has the client keys of {', '.join(found.adopted)} now. Commit it; `ff up --stack {stack}` writes "
            "the Secrets."
        )
    if found.waiting:
        yield (
            f"{file} has the client keys of {', '.join(found.waiting)} already; `ff up --stack {stack}` writes the "
            "Secrets."
        )
    for environment, secret in found.elsewhere.items():
        yield (
            f"{environment}: the Secret {secret}, which you make, does not have its client key. Put it there: "
            f"`ff keys list --stack {stack} --show-secrets` shows it. Then run `ff keys register --stack {stack}`."
        )
    if found.missing:
        yield (
            f"Flagsmith has no environment {', '.join(found.missing)}: it was deleted, or is called otherwise. Correct "
            f"admin.environments in {file}."
        )
    if found.right:
        yield f"Nothing to adopt of {', '.join(found.right)}: the Secrets have the client keys."


def leftover(item: Leftover) -> str:
    """What is said of a key without a delivery."""
    if item.is_moved:
        return (
            f"{item.environment}: the key {item.name!r} comes to its end: its delivery is of another environment now."
        )
    return (
        f"{item.environment}: the key {item.name!r} is of no delivery in this catalogue. "
        "When nothing uses it, delete it in the UI, and its Secret with kubectl."
    )


def summary(results: Sequence[DeliveryResult], *, dry: bool) -> str:
    """One line on all of it."""
    right = sum(result.is_unchanged for result in results)
    failed = sum(result.problem is not None for result in results)
    changed = len(results) - right - failed
    text = f"Deliveries: {changed} {'to be changed' if dry else 'changed'}, {right} right already"
    return f"{text}, {failed} failed." if failed else f"{text}."


def _keys(number: int) -> str:
    return "the old key" if number == 1 else f"{number} old keys"
