"""By which rules the server evaluates, where they are not those of the engine that is installed here.

Flagsmith says its release at `/version/`; its pyproject.toml and CHANGELOG.md say which engine a release has:
flag-engine 10 up to 2.265.0, the newest release that was looked at. Engine 11, which is installed here and which SDKs
evaluate with, added conditions on other flags (`$.flags.…`); engine 10 finds nothing there.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from components.text.versions import Version, dotted, parse_version
from flagops.commands.flags.documents.other_flags import NEWEST_KNOWN, asks_flags
from flagops.commands.flags.spec import ProjectSpec, SegmentSpec
from flagops.errors import RefusedError
from flagops.flagsmith_api.client import FlagsmithClient

CONTEXT_SINCE: Final[Version] = (2, 188, 0)
"""Conditions on `$.identity.…` and `$.environment.…`: "Backend for Context values"."""
KEYS_SINCE: Final[Version] = (2, 239, 0)
"""Keys of variations: "add per-feature unique key to multivariate options"."""
STATIC, DEFAULT = "STATIC", "DEFAULT"
"""What engine 11 and engine 10 say of a flag that nothing targets."""
OF_CONTEXT: Final = ("$.identity", "$.environment")


@dataclass(frozen=True)
class Engine:
    """The engine of a server; without a release, one that says none."""

    release: Version | None

    @property
    def knows_context(self) -> bool:
        """Whether it has conditions on the user's identifier and on the environment."""
        return self.release is None or self.release >= CONTEXT_SINCE

    @property
    def knows_keys(self) -> bool:
        """Whether it has keys of variations."""
        return self.release is None or self.release >= KEYS_SINCE

    def reason(self, here: str) -> str:
        """A reason of the engine here in the words of the server's, as far as that is known."""
        is_known = self.release is not None and self.release <= NEWEST_KNOWN
        return DEFAULT if is_known and here == STATIC else here

    @property
    def said_of_flags(self) -> str:
        """Why it is not known here what a condition on another flag does there."""
        if self.release is None:
            return "the server does not say its release, so which engine it has is not known here"
        if self.release > NEWEST_KNOWN:
            known = f"engines are known here up to {dotted(NEWEST_KNOWN)}"
            return f"Flagsmith {dotted(self.release)} runs an engine that is not known here ({known})"
        ten = f"Flagsmith {dotted(self.release)} has flag-engine 10, which finds no flag there"
        return f"{ten}; SDKs that evaluate by themselves have 11, which does"


def engine_of(client: FlagsmithClient) -> Engine:
    """The server's; asks `/version/`, which needs no log-in."""
    found: Any = client.get("/version/")
    if not isinstance(found, Mapping):
        return Engine(None)
    packages = found.get("package_versions")
    for text in (found.get("image_tag"), packages.get(".") if isinstance(packages, Mapping) else None):
        with suppress(ValueError):
            return Engine(parse_version(str(text)))
    return Engine(None)


def judged(client: FlagsmithClient, wanted: ProjectSpec, changed: Iterable[str]) -> tuple[str, ...]:
    """What the server's engine does otherwise than the one here, in words.

    Args:
        client: The server, asked for its release if something of the catalogue depends on it.
        wanted: What is wanted.
        changed: The segments that a plan makes, or whose rules it changes.

    Raises RefusedError for such a segment if it is not known what the server makes of it.
    """
    on_flags = [item for item in wanted.segments.values() if asks_flags(_traits(item))]
    on_context = [item for item in wanted.segments.values() if any(_is_context(trait) for trait in _traits(item))]
    with_keys = [flag.name for flag in wanted.flags.values() if flag.options]
    if not (on_flags or on_context or with_keys):
        return ()
    engine = engine_of(client)
    refused = [f"segment {item.name} asks for another flag" for item in on_flags if item.name in set(changed)]
    if not engine.knows_context:
        refused += [f"segment {item.name} asks for {OF_CONTEXT[0]} or {OF_CONTEXT[1]}" for item in on_context]
    if refused:
        why = engine.said_of_flags if engine.knows_context else f"Flagsmith has that from {dotted(CONTEXT_SINCE)}"
        raise RefusedError(
            f"The server may decide otherwise than the catalogue says: {'; '.join(refused)}, and {why}.",
            hint="Target the users that the other flag is for: name their segment in both flags.",
        )
    said = [f"segment {item.name} asks for another flag: {engine.said_of_flags}" for item in on_flags]
    if with_keys and not engine.knows_keys:
        release = dotted(engine.release or KEYS_SINCE)
        since = dotted(KEYS_SINCE)
        said.append(
            f"Flagsmith {release} has no names of variations (from {since}): they are told apart by their values"
        )
    return tuple(said)


def _traits(segment: SegmentSpec) -> list[str | None]:
    return [item.trait for item in segment.rules.all_conditions()]


def _is_context(trait: str | None) -> bool:
    return trait is not None and trait.startswith(OF_CONTEXT)
