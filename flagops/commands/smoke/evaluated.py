"""What a user has to get, by Flagsmith's own engine: the one that SDKs evaluate an environment's document with."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from flagops.commands.smoke.responses import Flags
from flagops.commands.smoke.routes import Trait, Traits

Document = Mapping[str, Any]
LARGEST = 2000  # letters of a trait's value


def environment(document: Document) -> Flags:
    """What `/flags/` has to say, to a server-side key."""
    return _shown(document, dict(_states(document)))


def identity(document: Document, identifier: str, traits: Traits | None = None) -> Flags:
    """What a user has to get, asked for with a server-side key."""
    # Flagsmith's SDK takes a third of a second to import.
    from flag_engine.engine import get_evaluation_result
    from flagsmith.mappers import map_context_and_identity_data_to_context, map_environment_document_to_context

    context = map_environment_document_to_context(cast("Any", document))
    context = map_context_and_identity_data_to_context(context, identifier, cast("Any", dict(traits or {})))
    result = get_evaluation_result(context)["flags"]
    return _shown(document, {name: (flag["enabled"], flag["value"]) for name, flag in result.items()})


def for_clients(document: Document, flags: Flags) -> Flags:
    """What of it a client-side key may see."""
    hidden = set(document["project"].get("server_key_only_feature_ids") or ())
    names = {state["feature"]["name"] for state in document["feature_states"] if state["feature"]["id"] in hidden}
    return {name: said for name, said in flags.items() if name not in names}


def at_edge(document: Document) -> Document:
    """The document as a proxy of the edge takes it: for flags that are off it looks at the project's setting alone."""
    return {**document, "hide_disabled_flags": None}


def hides_disabled(document: Document) -> bool:
    """Whether flags that are off are left out of answers."""
    own = document.get("hide_disabled_flags")
    return bool(document["project"].get("hide_disabled_flags") if own is None else own)


def traits_of_segments(document: Document, most: int) -> Iterator[Traits]:
    """For some segments traits that a user in them may have, so that their overrides are seen too."""
    segments = [item for item in document["project"]["segments"] if item.get("feature_states")]
    for segment in segments[:most]:
        found = dict(_matching(segment["rules"]))
        if found:
            yield found


def _matching(rules: Any) -> Iterator[tuple[str, Trait]]:
    for rule in rules:
        yield from _matching(rule.get("rules") or ())
        if rule["type"] == "NONE":
            continue
        for condition in rule.get("conditions") or ():
            name, value = condition.get("property_"), condition.get("value")
            if name and not name.startswith("$.") and isinstance(value, str) and len(value) <= LARGEST:
                yield name, value.partition(",")[0] if condition["operator"] == "IN" else value


def _states(document: Document) -> Iterator[tuple[str, tuple[bool, Any]]]:
    for state in document["feature_states"]:
        yield state["feature"]["name"], (state["enabled"], state["feature_state_value"])


def _shown(document: Document, flags: Flags) -> Flags:
    if not hides_disabled(document):
        return flags
    return {name: said for name, said in flags.items() if said[0]}
