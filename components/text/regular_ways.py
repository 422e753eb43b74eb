"""Counts the ways of an automaton to read a text."""

from collections.abc import Iterable, Iterator
from typing import Any

from components.text.regular_automaton import Automaton, Builder


def ways(tree: Any, flags: int) -> Automaton:
    """The automaton of an expression, with what is to be said of it. Raises Unfit for one that cannot be looked at."""
    built = Builder(tree, flags)
    count(built.made, built.whole.first)
    for item, its_flags in built.inner:
        inner = ways(item, its_flags)
        built.made.is_endless |= inner.is_endless
        built.made.chained = max(built.made.chained, inner.chained)
        built.made.forks = max(built.made.forks, inner.forks)
        built.made.kinds |= inner.kinds
        built.made.spend(inner.steps)
    return built.made


def count(made: Automaton, first: dict[int, int]) -> None:
    """Find out, and note, whether the ways are endless, how many loops are chained, and how many forks there are."""
    loops, order = _loops(made)
    made.is_endless = any(_doubles(made, loop) for loop in loops)
    if not made.is_endless:
        made.chained = _chained(made, loops)
        made.forks = _forks(made, loops, order, first)


def _loops(made: Automaton) -> tuple[list[frozenset[int]], list[int]]:
    """The loops, each as the positions that lead to one another (Tarjan), and all positions, the last ones first."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    loops: list[frozenset[int]] = []
    order: list[int] = []
    for root in range(len(made.letters)):
        if root in index:
            continue
        work: list[tuple[int, Iterator[int]]] = [(root, iter(made.follow[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            place, rest = work[-1]
            after = next(rest, None)
            if after is not None:
                made.spend()
                if after not in index:
                    index[after] = low[after] = len(index)
                    stack.append(after)
                    on_stack.add(after)
                    work.append((after, iter(made.follow[after])))
                elif after in on_stack:
                    low[place] = min(low[place], index[after])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[place])
            if low[place] == index[place]:
                found: set[int] = set()
                while not found or place not in found:
                    found.add(stack.pop())
                on_stack -= found
                order += sorted(found)
                if len(found) > 1 or place in made.follow[place]:
                    loops.append(frozenset(found))
    return loops[::-1], order


def _doubles(made: Automaton, loop: frozenset[int]) -> bool:
    """Whether two walks in a loop part, read the same, and meet again."""
    inside = {place: [(after, ways) for after, ways in made.follow[place].items() if after in loop] for place in loop}
    if any(ways > 1 for edges in inside.values() for _, ways in edges):
        return True
    seen: set[tuple[int, int]] = set()
    waiting = [(place, place) for place in loop]
    while waiting:
        one, other = waiting.pop()
        made.spend(1 + len(inside[one]) * len(inside[other]) // 4)
        for to_one, _ in inside[one]:
            for to_other, _ in inside[other]:
                if not made.letters[to_one] & made.letters[to_other]:
                    continue
                if to_one == to_other:
                    if one != other:
                        return True
                    continue
                pair = (min(to_one, to_other), max(to_one, to_other))
                if pair not in seen:
                    seen.add(pair)
                    waiting.append(pair)
    return False


def _chained(made: Automaton, loops: list[frozenset[int]]) -> int:
    """How many loops, one after the other, can read the same text, which can then be divided among them."""
    longest: list[int] = []
    for number, loop in enumerate(loops):
        before = [longest[earlier] for earlier in range(number) if _shares(made, loops[earlier], loop)]
        longest.append(1 + max(before, default=0))
    return max(longest, default=0)


def _shares(made: Automaton, one: frozenset[int], other: frozenset[int]) -> bool:
    """Whether a text leads from a loop to another one which both of them can read as well."""
    if not any(made.letters[place] & made.letters[after] for place in one for after in other):
        return False
    waiting = [(place, place, third) for place in one for third in other]
    seen = set(waiting)
    made.spend(len(waiting))
    while waiting:
        stays, walks, ends = waiting.pop()
        for to_walk in made.follow[walks]:
            for to_stay in _within(made, stays, one, made.letters[to_walk]):
                common = made.letters[to_walk] & made.letters[to_stay]
                for to_end in _within(made, ends, other, common):
                    if to_walk == to_end:
                        return True
                    triple = (to_stay, to_walk, to_end)
                    if triple not in seen:
                        made.spend()
                        seen.add(triple)
                        waiting.append(triple)
    return False


def _within(made: Automaton, place: int, loop: frozenset[int], letters: int) -> Iterator[int]:
    made.spend(len(made.follow[place]) // 4)
    return (after for after in made.follow[place] if after in loop and made.letters[after] & letters)


def _forks(made: Automaton, loops: list[frozenset[int]], order: list[int], first: dict[int, int]) -> int:
    """The ways of what does not repeat, at most: the product of the forks along a walk."""
    looping = frozenset().union(*loops)
    best: dict[int, int] = {}
    for place in order:  # those that come later first
        after = made.follow[place]
        rest = max((best.get(number, 1) for number in after), default=1)
        best[place] = rest if place in looping else rest * _fork(made, after)
        made.spend(len(after))
    return max((best[place] for place in first), default=1) * _fork(made, first)


def _fork(made: Automaton, after: dict[int, int]) -> int:
    """In how many ways one character can be read next."""
    places = list(after)
    if len(places) < 2:
        return max(after.values(), default=1)
    made.spend(len(places) * len(places) // 10)
    return max(_alike(made, place, after) for place in places)


def _alike(made: Automaton, place: int, after: dict[int, int]) -> int:
    others: Iterable[int] = (ways for number, ways in after.items() if made.letters[number] & made.letters[place])
    return sum(others)
