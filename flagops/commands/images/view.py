"""How images and what became of their locks are shown to people."""

from collections.abc import Iterator, Sequence

from rich.console import Console

from components.settings.images import StackImage
from components.settings.lock import LOCK_FILE
from flagops.commands.images.locking import LockChanges
from flagops.commands.images.use import Use
from flagops.terminal.listing import Column, Gives, Listing


def show(console: Console, found: Sequence[Use], *, with_stacks: bool) -> None:
    """Print a table of images."""
    table = Listing(
        [
            Column("IMAGE"),
            Column("LOCK"),
            Column("FOR", Gives.SHORTENED),
            Column("STACKS", Gives.LEFT_OUT),
            Column("DIGEST", Gives.LEFT_OUT),
            Column("MIRROR", Gives.LEFT_OUT),
        ]
    )
    for use in found:
        table.add(
            use.image.source,
            lock_of(use.image),
            ", ".join(use.purposes),
            ", ".join(use.stacks) if with_stacks else "",
            use.image.digest or "",
            use.mirrored if use.is_mirrored else "",
        )
    console.print(table)


def lock_of(image: StackImage) -> str:
    """Where the digest is from, if there is one."""
    if image.digest is None:
        return "not locked"
    return "settings" if image.is_stated else "locked"


def plain(found: Sequence[Use]) -> Iterator[str]:
    """A line an image: what to copy, by its digest where there is one, and what the stacks pull, by its tag.

    Programs that copy images take a tag or a digest, not both.
    """
    for use in found:
        yield f"{copied(use.image)} {use.mirrored}"


def copied(image: StackImage) -> str:
    """The reference by which to copy an image from where it comes from."""
    return f"{image.source.rpartition(':')[0]}@{image.digest}" if image.digest else image.source


def as_json(found: Sequence[Use]) -> list[dict[str, object]]:
    """The images for programs."""
    return [
        {
            "image": use.image.source,
            "purposes": use.purposes,
            "stacks": use.stacks,
            "digest": use.image.digest,
            "locked": use.image.digest is not None and not use.image.is_stated,
            "reference": use.image.reference,
            "source": copied(use.image),
            "target": use.mirrored,
        }
        for use in found
    ]


def lines(changes: LockChanges, *, is_done: bool) -> Iterator[str]:
    """What changed, or would."""
    for name in changes.added:
        yield f"{name}: {'locked to' if is_done else 'is not locked; it is'} {changes.lock[name].digest}"
    for name, before in changes.moved.items():
        yield f"{name}: moved from {before} to {changes.lock[name].digest}"
    for name in changes.dropped:
        yield f"{name}: {'removed' if is_done else 'could be removed'}, since no stack uses it"


def summary(changes: LockChanges, *, is_done: bool) -> str:
    """One line on all of it."""
    if is_done:
        return f"{LOCK_FILE} locks {len(changes.lock)} images; commit it."
    if changes.is_current:
        return f"{LOCK_FILE} is up to date."
    return f"{LOCK_FILE} is out of date: run `ff images lock`, and look at what moved before it is deployed."
