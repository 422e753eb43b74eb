"""The flags of an answer, when it has the form that SDKs rely on."""

from collections.abc import Iterable, Mapping
from typing import Any

from flagops.commands.smoke.model import CheckFailedError

Said = tuple[bool, Any]  # whether a flag is on, and its value
Flags = Mapping[str, Said]
KINDS = frozenset(["STANDARD", "MULTIVARIATE"])


def flags(found: Any, where: str) -> Flags:
    """What each flag says, by name. Raises CheckFailedError for another form, and for a flag that comes twice."""
    require(isinstance(found, list), f"{where} is not a list of flags: {str(found)[:100]}")
    said: dict[str, Said] = {}
    for flag in found:
        require(isinstance(flag, dict), f"{where} has a flag that is {str(flag)[:100]}")
        missing = [name for name in ("feature", "enabled", "feature_state_value") if name not in flag]
        require(not missing, f"{where} has a flag that lacks {', '.join(missing)}")
        feature, enabled, value = flag["feature"], flag["enabled"], flag["feature_state_value"]
        named = isinstance(feature, dict) and isinstance(feature.get("name"), str) and feature["name"]
        require(bool(named), f"{where} has a flag without a name: {str(feature)[:100]}")
        name = feature["name"]
        require(isinstance(feature.get("id"), int), f"{where}: {name} has no id")
        require(feature.get("type") in KINDS, f"{where}: {name} is of the type {feature.get('type')!r}")
        require(isinstance(enabled, bool), f"{where}: whether {name} is on is {enabled!r}, neither true nor false")
        is_plain = value is None or isinstance(value, str | bool | int)
        require(is_plain, f"{where}: the value of {name} is {str(value)[:50]!r}, no text, whole number or truth")
        require(name not in said, f"{where} has {name} twice")
        said[name] = (enabled, value)
    return said


def of_identity(found: Any, where: str, identifier: str) -> Flags:
    """The flags of a user's answer, when it is that user's."""
    require(isinstance(found, dict), f"{where} is not an object: {str(found)[:100]}")
    who = found.get("identifier")
    require(who == identifier, f"{where} is the answer for {str(who)[:60]!r}, not for {identifier!r}")
    require(isinstance(found.get("traits"), list), f"{where} has no list of traits")
    return flags(found.get("flags"), where)


def differences(wanted: Flags, found: Flags, names: Iterable[str]) -> Iterable[str]:
    """How flags differ from what they should say; those that are in neither are the same."""
    for name in names:
        if not same(wanted.get(name), found.get(name)):
            yield f"{name} is {shown(found.get(name))}, not {shown(wanted.get(name))}"


def same(one: Said | None, other: Said | None) -> bool:
    """Whether both say the same, in the same types: true, 1 and "1" are three values."""
    if one is None or other is None:
        return one is other
    return one == other and type(one[1]) is type(other[1])


def shown(said: Said | None) -> str:
    """A flag's state in words."""
    return "not there" if said is None else f"{'on' if said[0] else 'off'} with {said[1]!r}"


def require(holds: bool, problem: str) -> None:  # noqa: FBT001 - reads as an assertion
    """Raise CheckFailedError unless it holds."""
    if not holds:
        raise CheckFailedError(problem)
