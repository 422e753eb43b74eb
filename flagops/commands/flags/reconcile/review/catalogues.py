"""A catalogue of another commit in the place of a server: what a change of the catalogue changes, without access."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from components.text import quoting
from flagops.commands.flags.catalogue.load import parse
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.server.snapshot import (
    RemoteFlag,
    RemoteOption,
    RemoteOverride,
    RemoteSegment,
    RemoteState,
    Snapshot,
    Variant,
)
from flagops.commands.flags.spec import TAG, FlagSpec, OverrideSpec, ProjectSpec, StateSpec
from flagops.errors import BadInputError, FailedError, NotFoundError, ToolError
from flagops.flagsmith_api.custom_fields import CustomField, FieldKind, KnownFields, with_values
from flagops.flagsmith_api.deployed import Environment

SECONDS = 60


def of_commit(path: Path, commit: str) -> Catalogue:
    """The catalogue in a file as a commit has it. Raises OpsError where there is none, or it is wrong."""
    git = shutil.which("git")
    if git is None:
        raise ToolError("git is not installed, and --against needs it to read another commit.", hint="Install git.")

    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        # The arguments are ours, but for the commit, which is part of a longer word and so is no option.
        command = [git, "-C", str(path.resolve().parent), *arguments]
        try:
            return subprocess.run(command, capture_output=True, check=False, timeout=SECONDS)  # noqa: S603
        except subprocess.TimeoutExpired:
            raise FailedError(
                f"git has not answered in {SECONDS} s.", hint="Run it again when the machine has less to do."
            ) from None

    known = run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    if known.returncode:
        raise NotFoundError(
            f"There is no commit {quoting.value(commit)} here.",
            hint="Fetch it first: git fetch origin main; then origin/main.",
        )
    found = run("show", f"{known.stdout.decode().strip()}:./{path.name}")
    if found.returncode:
        raise NotFoundError(f"The commit {quoting.value(commit)} has no {path}.", hint="Name an older or a newer one.")
    try:
        text = found.stdout.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInputError(f"{path} of the commit {quoting.value(commit)} is not UTF-8.") from None
    return parse(text, path)[0]


def as_server(spec: ProjectSpec) -> Snapshot:
    """The snapshot of a server that has exactly this, and on which nobody did anything by hand."""
    numbers = count(1)
    flags = {name: next(numbers) for name in spec.flags}
    known = _known(spec, numbers)
    segments = {
        name: RemoteSegment(
            id=next(numbers),
            name=name,
            description=item.description,
            rules=item.rules,
            feature=flags[item.feature] if item.feature else None,
            is_managed=True,
            fields=with_values((), FieldKind.SEGMENT, known, item.metadata),
            rollout=item.rollout,
        )
        for name, item in spec.segments.items()
    }
    return Snapshot(
        environments={name: Environment(next(numbers), name, name) for name in spec.environments},
        tags={},
        segments=segments,
        flags={
            name: replace(
                _flag(item, flags[name], segments, numbers),
                fields=with_values((), FieldKind.FLAG, known, item.metadata),
            )
            for name, item in spec.flags.items()
        },
        known_fields=known,
    )


def _known(spec: ProjectSpec, numbers: Iterator[int]) -> KnownFields:
    """The fields that are named: each exists, since nobody can be asked."""
    named = [(FieldKind.FLAG, name) for item in spec.flags.values() for name in item.metadata]
    named += [(FieldKind.SEGMENT, name) for item in spec.segments.values() for name in item.metadata]
    return {(kind, name): CustomField(kind, next(numbers), name) for kind, name in dict.fromkeys(named)}


def _flag(spec: FlagSpec, number: int, segments: dict[str, RemoteSegment], numbers: Iterator[int]) -> RemoteFlag:
    options = tuple(RemoteOption(next(numbers), item.name, item.value, item.weight) for item in spec.options)
    return RemoteFlag(
        id=number,
        name=spec.name,
        description=spec.description,
        tags=spec.tags | {TAG},
        is_archived=False,
        options=options,
        states={place: _state(state, options, segments, numbers) for place, state in spec.states.items()},
    )


def _state(
    spec: StateSpec, options: tuple[RemoteOption, ...], segments: dict[str, RemoteSegment], numbers: Iterator[int]
) -> RemoteState:
    overrides = tuple(
        RemoteOverride(
            id=next(numbers),
            link=next(numbers),
            segment=item.segment,
            segment_id=segments[item.segment].id,
            priority=priority,
            enabled=item.enabled,
            value=item.value,
            variants=_variants(item, options, numbers),
        )
        for priority, item in enumerate(spec.overrides)
    )
    return RemoteState(next(numbers), spec.enabled, spec.value, _variants(spec, options, numbers), overrides)


def _variants(
    spec: StateSpec | OverrideSpec, options: tuple[RemoteOption, ...], numbers: Iterator[int]
) -> tuple[Variant, ...]:
    return tuple(Variant(next(numbers), item.id, spec.weights[str(item.key)]) for item in options)
