"""The one way from an environment's document to the engine: the mapping is that of Flagsmith's SDK for Python."""

from collections.abc import Mapping
from typing import Any, cast

from flag_engine.engine import get_evaluation_result
from flag_engine.segments.evaluator import get_enriched_context

Document = Mapping[str, Any]
Context = dict[str, Any]
Result = Mapping[str, Any]


def context_of(document: Document) -> Context:
    """What the engine needs of a document, for a client that names no user."""
    # Flagsmith's SDK takes a third of a second to import.
    from flagsmith.mappers import map_environment_document_to_context

    return dict(map_environment_document_to_context(cast("Any", document)))


def for_user(context: Context, identifier: str, traits: Mapping[str, Any]) -> Context:
    """The same for a user with traits."""
    # Flagsmith's SDK takes a third of a second to import.
    from flagsmith.mappers import map_context_and_identity_data_to_context

    given = map_context_and_identity_data_to_context(cast("Any", context), identifier, dict(traits))
    return dict(get_enriched_context(cast("Any", given)))


def evaluate(context: Context) -> Result:
    """What the engine says: `flags` by name, and the `segments` that the user is in."""
    return cast("Result", get_evaluation_result(cast("Any", context)))
