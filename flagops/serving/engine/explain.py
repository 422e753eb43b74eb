"""Why a user gets what they get: each rule in the order in which it counts, and the one that decided.

Flagsmith's own engine decides, the one that SDKs evaluate with; here its decision is told apart.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from flag_engine.segments.constants import DEFAULT_PRIORITY
from flag_engine.segments.evaluator import (
    context_matches_condition,
    context_matches_rule,
    get_context_value,
    is_context_in_segment,
)
from flag_engine.utils.hashing import get_hashed_percentage_for_object_ids

from components.text import quoting
from flagops.errors import AnswerError
from flagops.serving.engine.context import Document, context_of, evaluate, for_user
from flagops.serving.engine.trace import ConditionTrace, DecidedBy, GroupTrace, Split, Step, Trace, VariationShare
from flagops.serving.engine.user import User, in_words
from flagops.serving.engine.variations import CONTROL

SPLIT = "PERCENTAGE_SPLIT"
VALUELESS = frozenset(["IS_SET", "IS_NOT_SET"])
ALL = 100.0


def explain(document: Document, flag: str, user: User, names: Mapping[int, str] | None = None) -> Trace:
    """The evaluation of `flag` for `user` by an environment's document; `names` are the variations', by id.

    Raises OpsError when the document lacks the flag.
    """
    context = context_of(document)
    if user.identifier is not None:
        context = for_user(context, user.identifier, user.traits)
    own = context["features"].get(flag)
    if own is None:
        raise AnswerError(
            f"The document of the environment {document['name']!r} lacks the flag {quoting.value(flag)}.",
            hint="It may be new, and the server may have kept an older document: try again in a minute.",
        )
    result = evaluate(context)
    context["flags"] = result["flags"]  # a condition may ask for another flag
    matched = {found["metadata"].get("id") for found in result["segments"] if "metadata" in found}
    places = sorted(_overrides(context, flag, user, matched), key=lambda place: place[0])
    states = [*(state for _, state, _ in places), own]
    first = next((number for number, (_, _, step) in enumerate(places) if step.holds), len(places))
    steps = [*(step for _, _, step in places), _environment(document, own)]
    answer = result["flags"][flag]
    return Trace(
        flag=flag,
        environment=document["name"],
        user=user,
        steps=tuple(replace(step, decides=number == first) for number, step in enumerate(steps)),
        split=_split(states[first], context, _variations(document, flag, names or {})),
        enabled=answer["enabled"],
        value=answer["value"],
        reason=answer["reason"],
    )


def _overrides(
    context: Mapping[str, Any], flag: str, user: User, matched: set[int | None]
) -> Iterator[tuple[float, Mapping[str, Any], Step]]:
    """Each override with its priority and its state; of identities only the user's own."""
    for segment in context["segments"].values():
        number = segment["metadata"].get("id")
        is_identity = number is None
        if is_identity and not is_context_in_segment(cast("Any", context), segment):
            continue
        for state in segment["overrides"]:
            if state["name"] != flag:
                continue
            priority = state.get("priority", DEFAULT_PRIORITY)
            step = Step(
                source=DecidedBy.IDENTITY if is_identity else DecidedBy.SEGMENT,
                name=str(user.identifier) if is_identity else segment["name"],
                priority=None if is_identity or priority == DEFAULT_PRIORITY else priority,
                holds=is_identity or number in matched,
                decides=False,
                groups=() if is_identity else tuple(_groups(context, segment["rules"], segment["key"])),
                enabled=state["enabled"],
                value=state["value"],
            )
            yield priority, state, step


def _environment(document: Document, own: Mapping[str, Any]) -> Step:
    return Step(
        DecidedBy.ENVIRONMENT,
        document["name"],
        priority=None,
        holds=True,
        decides=False,
        groups=(),
        enabled=own["enabled"],
        value=own["value"],
    )


def _groups(context: Mapping[str, Any], rules: Iterable[Mapping[str, Any]], key: str) -> Iterator[GroupTrace]:
    for rule in rules:
        yield GroupTrace(
            needs=rule["type"],
            holds=context_matches_rule(cast("Any", context), cast("Any", rule), key),
            conditions=tuple(_condition(context, item, key) for item in rule.get("conditions") or ()),
            groups=tuple(_groups(context, rule.get("rules") or (), key)),
        )


def _condition(context: Mapping[str, Any], condition: Mapping[str, Any], key: str) -> ConditionTrace:
    holds = context_matches_condition(cast("Any", context), cast("Any", condition), key)
    asked, wanted, operator = condition["property"], condition["value"], condition["operator"]
    if operator == SPLIT:
        text = f"{wanted} % of the {f'values of {asked}' if asked else 'users'}"
        return ConditionTrace(text, _place(context, asked, key), holds)
    value = get_context_value(cast("Any", context), asked)
    text = f"{asked} {operator}" if operator in VALUELESS else f"{asked} {operator} {wanted}"
    return ConditionTrace(text, f"{asked} is {'not set' if value is None else in_words(value)}", holds)


def _place(context: Mapping[str, Any], asked: str, key: str) -> str:
    """Where a user is between 0 and 100, in a split of this segment."""
    identity = (context.get("identity") or {}).get("key")
    value = get_context_value(cast("Any", context), asked) if asked else identity
    if value is None:
        return f"{asked} is not set" if asked else "there is no user to choose by"
    return f"this one is at {get_hashed_percentage_for_object_ids([key, value]):.2f} %"


def _variations(document: Document, flag: str, names: Mapping[int, str]) -> dict[int, str]:
    """The names of variations by the id of their weight in a state, by which the engine orders them."""
    segments = (state for segment in document["project"]["segments"] for state in segment.get("feature_states") or ())
    return {
        item["id"]: names.get(item["multivariate_feature_option"]["id"], "")
        for state in (*document["feature_states"], *segments)
        if state["feature"]["name"] == flag
        for item in state["multivariate_feature_state_values"]
    }


def _split(state: Mapping[str, Any], context: Mapping[str, Any], names: Mapping[int, str]) -> Split | None:
    identity = (context.get("identity") or {}).get("key")
    if identity is None or not state.get("variants"):
        return None
    parts, start = [], 0.0
    for variant in sorted(state["variants"], key=lambda item: int(item["priority"])):
        end = start + variant["weight"]
        name = names.get(variant["priority"]) or in_words(variant["value"])
        parts.append(VariationShare(name, variant["value"], start, end))
        start = end
    rest = VariationShare(CONTROL, state["value"], start, max(start, ALL))
    return Split(get_hashed_percentage_for_object_ids([state["key"], identity]), (*parts, rest))
