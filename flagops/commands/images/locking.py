"""Brings the lock file up to date with the registries, or finds out whether it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from components.settings.lock import Lock, LockedImage
from flagops.commands.images.credentials import login_for
from flagops.commands.images.names import ImageAddress, place
from flagops.commands.images.registry import Registry, Resolved
from flagops.commands.images.use import Use
from flagops.errors import AnswerError, BadInputError, OpsError

OnStep = Callable[[str], None]


@dataclass(frozen=True)
class LockChanges:
    """What a lock file has to become.

    Attributes:
        lock: All that it has to hold.
        added: Images that it lacks.
        moved: Images whose tag names something else now: what it was, by name.
        dropped: Images that no stack uses any more.
    """

    lock: Lock
    added: tuple[str, ...]
    moved: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether every image is locked to what its tag names; one too many is no harm."""
        return not self.added and not self.moved


def changes(
    found: Sequence[Use],
    lock: Lock,
    on_step: OnStep,
    *,
    from_mirror: bool = False,
    keeps_others: bool = False,
) -> LockChanges:
    """Ask the registries what every image is.

    Args:
        found: The images; those whose digest a stack's settings give are not asked for.
        lock: What is locked now.
        on_step: Is told what is asked.
        from_mirror: Whether images that a stack pulls from a mirror are asked for there.
        keeps_others: Whether locked images stay that are not among `found`.

    Raises:
        OpsError: With every image that could not be resolved, or whose digest in a stack's settings is another one.
    """
    places = _places(found, from_mirror=from_mirror)
    resolved: dict[str, LockedImage] = {}
    failed: dict[str, OpsError] = {}
    registries: dict[str, Registry] = {}
    try:
        for source, asked in places.items():
            on_step(f"Asking {asked.registry} for {asked}…")
            if asked.registry not in registries:
                registries[asked.registry] = Registry(asked, login_for)
            try:
                resolved[source] = _locked(registries[asked.registry], asked, lock.get(source))
            except OpsError as error:
                failed[source] = error
    finally:
        for registry in registries.values():
            registry.close()
    if failed:
        # A registry that is away is away for each of its images.
        messages = dict.fromkeys(error.message for error in failed.values())
        hints = dict.fromkeys(error.hint for error in failed.values() if error.hint)
        raise AnswerError("\n".join(messages), hint="\n".join(hints))
    _refuse_contradictions(found, resolved)
    stated = {use.image.source for use in found}
    others = {name: item for name, item in lock.items() if name not in resolved}
    kept = {name: item for name, item in others.items() if keeps_others or name in stated}
    known = [name for name in resolved if name in lock]
    return LockChanges(
        lock={**kept, **resolved},
        added=tuple(name for name in resolved if name not in lock),
        moved={name: lock[name].digest for name in known if lock[name].digest != resolved[name].digest},
        dropped=tuple(name for name in others if name not in kept),
    )


def _places(found: Sequence[Use], *, from_mirror: bool) -> dict[str, ImageAddress]:
    """Where to ask for each image that needs a lock, by its full name; the first mirror that a stack has for it."""
    mirrors: dict[str, str] = {}
    if from_mirror:
        for use in found:
            if use.is_mirrored:
                mirrors.setdefault(use.image.source, use.mirrored)
    wanted = sorted({use.image.source for use in found if not use.image.is_stated})
    return {source: place(mirrors.get(source, source)) for source in wanted}


def _locked(registry: Registry, asked: ImageAddress, before: LockedImage | None) -> LockedImage:
    """What the image is; the entry there is stays as it is while the tag names the same."""
    if before is not None and registry.digest(asked) == before.digest:
        return before
    found: Resolved = registry.resolve(asked)
    if before is not None and found.digest == before.digest:
        return before
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return LockedImage(digest=found.digest, platforms=found.platforms, resolved=now, source=asked.registry)


def _refuse_contradictions(found: Sequence[Use], resolved: Mapping[str, LockedImage]) -> None:
    for use in found:
        entry = resolved.get(use.image.source)
        if use.image.is_stated and entry is not None and entry.digest != use.image.digest:
            raise BadInputError(
                f"The settings of {', '.join(use.stacks)} give {use.image.source} the digest {use.image.digest}, and "
                f"other stacks, which give none, would get {entry.digest}.",
                hint="Leave the digest out, or give it in all of them.",
            )
