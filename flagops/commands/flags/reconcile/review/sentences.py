"""Who is affected, in sentences that can be read aloud."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from flagops.serving.audience.figures import Affected, Got, KindFigures
from flagops.serving.audience.people import BEFORE

NONE, ALL = "none", "all"
STEP = 5  # percent
BASIS = (
    "Figures are of made-up users, the same each time: Flagsmith's own engine evaluates each flag for them before and "
    "after, up to {users} of each kind where a percentage decides. How many of your users are in which segment is not "
    "known here, and neither are overrides for single users and what is cached."
)


def basis(found: Iterable[Affected]) -> str:
    """What the figures are figures of."""
    return BASIS.format(users=max((item.users for one in found for item in one.kinds), default=0))


def sentences(found: Affected) -> Iterator[str]:
    """What changes, for each kind of users; at least one sentence."""
    changed = [item for item in found.kinds if not item.is_nothing]
    if not changed:
        yield "nobody gains or loses it" if found.missing or found.left_out else "nobody is affected"
    elif len(found.kinds) == 1:
        yield f"{_share(changed[0], 'of users')}"
    else:
        yield from _by_outcome(changed, {name for item in found.kinds for name in item.segments})
        if len(changed) < len(found.kinds):
            yield "nothing changes for all others"
        yield _of_all(found.kinds)
    if found.anonymous[0] != found.anonymous[1]:
        yield f"for clients that name no user it is {_got(found.anonymous[0])} now, {_got(found.anonymous[1])} then"
    if found.missing:
        yield f"not known for {_listed(found.missing)}: no user could be made up who is in it"
    if found.left_out:
        yield f"not looked at: {found.left_out} more combinations of segments"


def _by_outcome(kinds: Sequence[KindFigures], known: Collection[str]) -> Iterator[str]:
    """One sentence for all kinds of which the same is said; `known` are the groups that there are."""
    said: dict[str, list[str]] = {}
    for item in kinds:
        said.setdefault(_share(item, "of them"), []).append(_called(item, known))
    for text, names in said.items():
        yield f"{'; '.join(names)}: {text}"


def _called(kind: KindFigures, known: Collection[str]) -> str:
    if kind.person is not None:
        return f"the user {kind.person}"
    now, was = set(kind.segments), {name.removesuffix(BEFORE) for name in kind.segments if name.endswith(BEFORE)}
    changing = {name.removesuffix(BEFORE) for name in known if name.endswith(BEFORE)}
    staying = (name for name in now if not name.endswith(BEFORE) and (name in was or name not in changing))
    parts = [
        *_part("who come into", sorted((now & changing) - was)),
        *_part("who leave", sorted(was - now)),
        *_part("in", sorted(staying)),
    ]
    blank = ", those without traits among them" if kind.is_blank else ""
    return f"users {' and '.join(parts)}{blank}" if parts else f"users in none of its segments{blank}"


def _part(text: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{text} {_listed(names)}"


def _share(kind: KindFigures, of: str) -> str:
    gain, lose, other = (_percent(number, kind.users, of) for number in (kind.gain, kind.lose, kind.other))
    if kind.users == kind.gain:
        return "all gain it"
    if kind.users == kind.lose:
        return "all lose it"
    parts = [f"{gain} gain it", f"{lose} lose it"] if kind.gain or kind.lose else []
    if kind.other:
        parts.append(f"{other} get another value")
    return ", ".join(parts)


def _of_all(kinds: Sequence[KindFigures]) -> str:
    """What that is of all users, by how many of them there are of each kind."""
    parts = []
    for name, verb in (("gain", "gain it"), ("lose", "lose it"), ("other", "get another value")):
        shares = [getattr(item, name) / item.users for item in kinds if item.person is None]
        if shares and max(shares):
            low, high = (_rounded(share) for share in (min(shares), max(shares)))
            share = f"about {high} %" if low == high else f"between {low} % and {high} %"
            parts.append(f"{share} {verb}")
    if not any("lose" in part for part in parts):
        parts.append("none lose it")
    return f"of all users {', '.join(parts)}"


def _percent(number: int, total: int, of: str) -> str:
    if number in (0, total):
        return ALL if number else NONE
    share = _rounded(number / total)
    return f"{'fewer than 1' if share < 1 else 'more than 99' if share > 99 else f'about {share}'} % {of}"


def _rounded(share: float) -> int:
    """A share in percent, as exact as so many users allow: what is within a point of 5, 10, 15, ... is that."""
    percent = 100 * share
    near = STEP * round(percent / STEP)
    return near if 0 < near < 100 and abs(percent - near) <= 1 else round(percent)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _got(got: Got) -> str:
    enabled, value = got
    said = "" if value is None else f" with the value {value}"
    return f"{'on' if enabled else 'off'}{said}"
