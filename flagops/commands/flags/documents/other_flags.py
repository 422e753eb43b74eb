"""Segments of documents that ask for other flags, which the engine here finds and a server's may not."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from components.text import quoting
from components.text.versions import Version, dotted
from flagops.commands.flags.catalogue.conditions import OF_FLAGS

NEWEST_KNOWN: Final[Version] = (2, 265, 0)
"""The newest release whose engine was looked at: flag-engine 10."""


def decided_otherwise(documents: Iterable[Mapping[str, Any]], said_of_flags: str | None = None) -> tuple[str, ...]:
    """What the engine here decides otherwise than a server's, in words.

    Args:
        documents: What is evaluated here.
        said_of_flags: What is known of the server's engine; None where there is no server.
    """
    names = dict.fromkeys(
        segment["name"]
        for document in documents
        for segment in document["project"]["segments"]
        if asks_flags(traits_of(segment["rules"]))
    )
    if not names:
        return ()
    known = f"Flagsmith up to {dotted(NEWEST_KNOWN)} has flag-engine 10, which finds no flag there"
    said = ", ".join(map(quoting.key, names)) + (" asks" if len(names) == 1 else " ask") + " for another flag"
    here = "which is found here as by SDKs that evaluate by themselves"
    return (f"{said}, {here}; a server may decide otherwise: {said_of_flags or known}.",)


def traits_of(rules: Iterable[Mapping[str, Any]]) -> Iterator[str | None]:
    """What the conditions of a document's rules ask for."""
    for rule in rules:
        yield from (item.get("property_") for item in rule.get("conditions") or ())
        yield from traits_of(rule.get("rules") or ())


def asks_flags(traits: Iterable[str | None]) -> bool:
    """Whether one of these is a path to other flags."""
    return any(trait is not None and trait.startswith(OF_FLAGS) for trait in traits)
