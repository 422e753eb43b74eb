"""What the server itself answers for a user, and why that may differ from what the document says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.text import quoting
from flagops.commands.flags.catalogue.conditions import LARGEST_KEPT, LONGEST_KEPT
from flagops.commands.flags.catalogue.values import Plain, same
from flagops.flagsmith_api import served
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.serving.engine.context import Document
from flagops.serving.engine.explain import explain
from flagops.serving.engine.trace import DecidedBy, Trace
from flagops.serving.engine.user import Trait, User, in_words


@dataclass(frozen=True)
class RemoteAnswer:
    """The server's answer.

    Attributes:
        is_served: Whether the flag is in it.
        enabled: Whether it is on.
        value: Its value.
        stored: The traits that the server keeps of this user, beside those given.
    """

    is_served: bool
    enabled: bool = False
    value: Plain = None
    stored: Mapping[str, Trait] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """The server's answer beside the local one; they agree when nothing differs."""

    remote: RemoteAnswer
    differences: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return not self.differences


def ask(client: FlagsmithClient, key: str, flag: str, user: User) -> RemoteAnswer:
    """What the environment with this client-side key serves the user. Nothing is kept of it."""
    if user.identifier is None:
        for item in served.flags(client, key):
            if item.name == flag:
                return RemoteAnswer(is_served=True, enabled=item.enabled, value=item.value)
        return RemoteAnswer(is_served=False)
    body = {"identifier": user.identifier, "transient": True, "traits": traits_of(user)}
    found = client.request("POST", "/api/v1/identities/", body=body, headers={"X-Environment-Key": key})
    stored = {row["trait_key"]: row["trait_value"] for row in found.get("traits") or () if not row["transient"]}
    for item in found["flags"]:
        if item["feature"]["name"] == flag:
            return RemoteAnswer(
                is_served=True, enabled=item["enabled"], value=item["feature_state_value"], stored=stored
            )
    return RemoteAnswer(is_served=False, stored=stored)


def traits_of(user: User) -> list[dict[str, Any]]:
    """The traits in the API's form, which it is not to keep."""
    return [{"trait_key": name, "trait_value": value, "transient": True} for name, value in user.traits.items()]


def compare(document: Document, trace: Trace, remote: RemoteAnswer, *, is_server_side: bool) -> Comparison:
    """How the two differ; `is_server_side` is of a flag that clients with the client-side key do not get."""
    if not remote.is_served:
        if is_server_side or (_hides(document) and not trace.enabled):
            return Comparison(remote, (), (_unserved(is_server_side=is_server_side),))
        return Comparison(remote, ("The server does not serve the flag.",), tuple(_reasons(document, trace, remote)))
    different = []
    if remote.enabled != trace.enabled:
        different.append(f"It is {_state(trace.enabled)} locally, and {_state(remote.enabled)} remotely.")
    if not same(remote.value, trace.value):
        different.append(f"The value is {in_words(trace.value)} locally, and {in_words(remote.value)} remotely.")
    return Comparison(remote, tuple(different), tuple(_reasons(document, trace, remote)) if different else ())


def _reasons(document: Document, trace: Trace, remote: RemoteAnswer) -> Iterator[str]:
    """What is known to make the two differ, and of these what is the case here."""
    user, found = trace.user, False
    if user.identifier is None and trace.decisive.source is DecidedBy.SEGMENT:
        yield "The server looks at no segment for a client that names no user; local evaluation does."
        return
    if remote.stored:
        merged = explain(document, trace.flag, User(user.identifier, {**remote.stored, **user.traits}))
        if (merged.enabled, merged.value) == (remote.enabled, remote.value):
            yield "With the traits that the server keeps the local answer is the same: give them with --trait."
            return
    if user.traits and not document.get("allow_client_traits", True):
        yield "The environment takes no traits from clients (allow_client_traits is off): the server ignored them."
        found = True
    if user.identifier is not None and document.get("hide_sensitive_data"):
        yield "The environment shows no stored traits (hide_sensitive_data is on): the server may count some."
        found = True
    if not document.get("use_identity_composite_key_for_hashing", True):
        yield (
            "The environment chooses by the user's number, which no client knows: percentages differ "
            "(use_identity_composite_key_for_hashing is off)."
        )
        found = True
    if not document.get("use_identity_overrides_in_local_eval", True):
        yield "Overrides of identities count on the server only (use_identity_overrides_in_local_eval is off)."
        found = True
    if not found:
        yield "One of the two may come from a cache of the server: try again in a minute, or `ff cache flush`."


def unkept(user: User) -> Iterator[str]:
    """What of a user Flagsmith cannot keep, in words: the server was asked without keeping anything."""
    for name, value in user.traits.items():
        if len(name) > LONGEST_KEPT:
            yield f"Flagsmith refuses to keep a trait whose name has over {LONGEST_KEPT} characters, as one here has."
        if type(value) is int and not -LARGEST_KEPT - 1 <= value <= LARGEST_KEPT:
            said = f"Flagsmith cannot keep the trait {quoting.key(name)}, a whole number of more than 32 bits"
            yield f"{said}: it answers 500 to an SDK that gives it. Give it as text, or in another unit."


def _hides(document: Document) -> bool:
    own = document.get("hide_disabled_flags")
    return bool(document["project"].get("hide_disabled_flags") if own is None else own)


def _unserved(*, is_server_side: bool) -> str:
    if is_server_side:
        return "The flag is for server-side keys: clients with the client-side key do not get it."
    return "The environment hides flags that are off: clients do not get it."


def _state(enabled: object) -> str:
    return "on" if enabled else "off"


def as_json(trace: Trace, compared: Comparison) -> dict[str, Any]:
    """Both answers, for programs."""
    return {
        "flag": trace.flag,
        "environment": trace.environment,
        "identity": trace.user.identifier,
        "traits": dict(trace.user.traits),
        "steps": trace.steps,
        "split": trace.split,
        "local": {"enabled": trace.enabled, "value": trace.value, "reason": trace.reason},
        "remote": compared.remote,
        "agree": compared.agrees,
        "differences": compared.differences,
        "reasons": compared.reasons,
        "unkept": list(unkept(trace.user)),
    }
