"""Where an automaton has several ways to read a text: loops that can be divided, and loops that share a text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from components.text.regular_pieces import Automaton

Loop = frozenset[int]
MOST_PAIRS = 100
"""Positions of two loops that are tried against each other for a text that leads back to both."""


@dataclass(frozen=True)
class Pump:
    """A text that leads from a position of a loop back to it, and on to one of a later loop, and back to that.

    Attributes:
        leaves: The position of the loop before.
        enters: The position of the loop after it.
        word: For each character, the bits of those that it can be.
    """

    leaves: int
    enters: int
    word: tuple[int, ...]

    def without_last(self) -> Self:
        """The same without its last character, if it has another."""
        return replace(self, word=self.word[:-1] or self.word)


def loops_of(made: Automaton) -> tuple[list[Loop], list[int]]:
    """The loops, each as the positions that lead to one another (Tarjan), and all positions, the last ones first."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    loops: list[Loop] = []
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


def doubles(made: Automaton, loop: Loop) -> bool:
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


def forks_of(made: Automaton, loops: list[Loop], order: list[int], first: dict[int, int]) -> int:
    """The ways of what does not repeat, at most: the product of the forks along a walk, without those into loops."""
    looping = frozenset().union(*loops)
    best: dict[int, int] = {}
    for place in order:  # those that come later first
        after = made.follow[place]
        rest = max((best.get(number, 1) for number in after), default=1)
        best[place] = rest * _fork(made, after, looping)
        made.spend(len(after))
    return max((best[place] for place in first), default=1) * _fork(made, first, looping)


def _fork(made: Automaton, after: dict[int, int], looping: Loop) -> int:
    """In how many ways one character can be read next."""
    places = [place for place in after if place not in looping]
    made.spend(len(places) * len(places) // 10)
    return max((_alike(made, place, places, after) for place in places), default=1)


def _alike(made: Automaton, place: int, places: list[int], after: dict[int, int]) -> int:
    return sum(after[number] for number in places if made.letters[number] & made.letters[place])


def pump(made: Automaton, one: Loop, other: Loop) -> Pump | None:
    """A text that both loops can read again and again, of which any part can be left to the other; None for none."""
    if not any(made.letters[place] & made.letters[after] for place in one for after in other):
        return None
    many = [(place, third) for place in one for third in other]
    loose = _search(made, one, other, many, is_closed=False)
    if loose is None or len(many) > MOST_PAIRS:
        return loose
    for pair in many:
        found = _search(made, one, other, [pair], is_closed=True)
        if found is not None:
            return found
    return None


def _search(made: Automaton, one: Loop, other: Loop, pairs: list[tuple[int, int]], *, is_closed: bool) -> Pump | None:
    """Read with three walks at once: one stays in its loop, one goes on to the other loop, and one stays there."""
    starts = [(place, place, third) for place, third in pairs]
    back: dict[tuple[int, int, int], tuple[tuple[int, int, int] | None, int]] = dict.fromkeys(starts, (None, 0))
    made.spend(len(starts))
    waiting = starts
    while waiting:
        later = []
        for triple in waiting:
            stays, walks, ends = triple
            for to_walk in made.follow[walks]:
                for to_stay in _within(made, stays, one, made.letters[to_walk]):
                    common = made.letters[to_walk] & made.letters[to_stay]
                    for to_end in _within(made, ends, other, common):
                        letters = common & made.letters[to_end]
                        is_there = to_walk == to_end
                        if is_there and (not is_closed or (to_stay, to_end) == pairs[0]):
                            word = [letters]
                            start: tuple[int, int, int] | None = triple
                            while start is not None and back[start][0] is not None:
                                word.append(back[start][1])
                                start = back[start][0]
                            leaves = triple[0] if start is None else start[0]
                            return Pump(leaves, to_end, tuple(reversed(word)))
                        after = (to_stay, to_walk, to_end)
                        if after not in back:
                            made.spend()
                            back[after] = (triple, letters)
                            later.append(after)
        waiting = later
    return None


def _within(made: Automaton, place: int, loop: Loop, letters: int) -> Iterator[int]:
    made.spend(len(made.follow[place]) // 4)
    return (after for after in made.follow[place] if after in loop and made.letters[after] & letters)


def path(made: Automaton, starts: Iterable[int], goal: int, within: Loop | None = None) -> list[int]:
    """The shortest text to a position, as bits for each character; `starts` can be read first."""
    back: dict[int, int | None] = dict.fromkeys(starts)
    waiting = [*back]
    while waiting and goal not in back:
        later = []
        for place in waiting:
            for after in made.follow[place]:
                if after not in back and (within is None or after in within):
                    made.spend()
                    back[after] = place
                    later.append(after)
        waiting = later
    word: list[int] = []
    step: int | None = goal if goal in back else None
    while step is not None:
        word.append(made.letters[step])
        step = back[step]
    return word[::-1]
