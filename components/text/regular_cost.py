"""What an expression costs on the worst text: counted, by reading texts that are made to have many ways.

Python's `re` tries every way in which an expression can read the beginning of a text that does not match. Their number
is counted exactly for a given text, without trying them, by keeping for each position how many ways lead there. The
texts are the worst that are known of the automaton: for loops that share a text, this text again and again, and for
what forks without a loop, those characters that leave most ways.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Final

from components.text.regular_automaton import Builder
from components.text.regular_pieces import END, GROUPED, Automaton
from components.text.regular_ways import Loop, Pump, doubles, forks_of, loops_of, path, pump

Ways = dict[int, float]
Chain = list[tuple[int, Pump]]
ENOUGH: Final = 10**10
"""Nanoseconds, above which nothing is counted."""
FEW_FORKS: Final = 8
_COUNTED: Final = 400
"""Characters of a text that is counted first."""
_HARMLESS: Final = 10**8
"""Nanoseconds, below which it is not worth while to count more exactly."""
_BREADTH: Final = 2


@dataclass
class Cost:
    """What an expression costs on the worst text.

    Attributes:
        nanoseconds: Of a usual machine, at most about; infinite where the ways double again and again.
        visits: How often a character is read.
        kinds: The names of what is in the expression.
        steps: What it took to find out.
    """

    nanoseconds: float = 0.0
    visits: float = 0.0
    kinds: set[str] = field(default_factory=set)
    steps: int = 0


def cost(tree: Any, flags: int, longest: int, *, is_searched: bool = False) -> Cost:
    """What an expression costs on a text of `longest` characters. Raises Unfit for one that cannot be looked at."""
    built = Builder(tree, flags, is_searched=is_searched)
    found = _Counter(built.made, built.first, longest).cost()
    outer = max(found.visits, 1.0)
    for look in built.looks:
        inner = cost(look.items, look.flags, longest)
        built.made.spend(inner.steps)
        times = 1.0 if look.is_once else outer
        if inner.nanoseconds:  # endless times nothing would be no number, and less than any bound
            found.nanoseconds += inner.nanoseconds * times
        found.visits += inner.visits * times
        found.kinds |= inner.kinds
    found.steps = built.made.steps
    return found


class _Counter:
    """Counts the ways of an automaton on texts that it makes."""

    def __init__(self, made: Automaton, first: dict[int, int], longest: int) -> None:
        self._made, self._first, self._longest = made, first, longest
        # Ways to read nothing on the way from one character to the next cost without a character being read.
        self._prices = [
            weight + GROUPED * sum(ways - 1 for ways in after.values())
            for weight, after in zip(made.weights, made.follow, strict=True)
        ]

    def cost(self) -> Cost:
        made = self._made
        found = Cost(kinds=made.kinds)
        loops, order = loops_of(made)
        if any(doubles(made, loop) for loop in loops):
            found.nanoseconds = found.visits = float("inf")
            return found
        chain = self._chain(loops)
        forks: float = forks_of(made, loops, order, self._first)
        price = max(self._prices, default=0)
        if forks > FEW_FORKS:
            forks, found.visits, found.nanoseconds = self._forked()
        if len(chain) > 1:
            visits, nanoseconds = self._chained(loops, chain)
            found.visits += visits * forks
            found.nanoseconds += nanoseconds * forks
        else:
            reach = self._longest if loops else min(len(order), self._longest)
            found.visits += forks * reach
            found.nanoseconds += forks * reach * price
        return found

    def _chain(self, loops: list[Loop]) -> Chain:
        """The loops, one after the other, that share texts in most ways: each by number, with the text before it."""
        best: list[tuple[float, Chain]] = []
        for number, loop in enumerate(loops):
            found: tuple[float, Chain] = (1.0, [(number, Pump(0, 0, ()))])
            for earlier in range(number):
                shared = pump(self._made, loops[earlier], loop)
                if shared is not None:
                    ways, chain = best[earlier]
                    ways *= max(self._longest / 4 / len(shared.word), 1.0)
                    if ways > found[0]:
                        found = ways, [*chain, (number, shared)]
            best.append(found)
        return max(best, default=(0.0, []), key=lambda item: item[0])[1]

    def _chained(self, loops: list[Loop], chain: Chain) -> tuple[float, float]:
        """How often a character is read, and what it costs, on the worst text for a chain of loops."""
        length = max(_COUNTED, 8 * len(chain) * max(len(shared.word) for _, shared in chain[1:]))
        found = (0.0, 0.0)
        # A text of a pump ends with the first character of the other loop, which can be that of the next round too.
        for tried in (chain, [(number, shared.without_last()) for number, shared in chain]):
            read = (math.inf, math.inf)
            if 2 * length < self._longest:
                read = self._reckoned(loops, tried, length)
            if read[1] > _HARMLESS:
                read = self._read(self._text(loops, tried, self._longest))
            found = max(found, read, key=lambda item: item[1])
        return found

    def _reckoned(self, loops: list[Loop], chain: Chain, length: int) -> tuple[float, float]:
        """What the longest text costs by what shorter ones do; it is rather too much."""
        whole = self._read(self._text(loops, chain, length))
        half = self._read(self._text(loops, chain, length // 2))
        more = math.log2(self._longest / length)
        visits, nanoseconds = (most * (most / max(few, 1.0)) ** more for most, few in zip(whole, half, strict=True))
        return visits, nanoseconds

    def _text(self, loops: list[Loop], chain: Chain, length: int) -> list[int]:
        """A text that the loops of a chain can divide among them in as many ways as possible."""
        made, share = self._made, length // len(chain)
        masks: list[int] = []
        place: int | None = None
        within: Loop | None = None
        for number, shared in chain[1:]:
            if shared.leaves != place:
                starts = self._first if place is None else made.follow[place]
                masks += path(
                    made, [after for after in starts if within is None or after in within], shared.leaves, within
                )
            masks += [*shared.word] * max(share // len(shared.word), 1)
            place, within = shared.enters, loops[number]
        if place is not None and within is not None:
            around = path(made, [after for after in made.follow[place] if after in within], place, within)
            masks += around * max(share // max(len(around), 1), 1)
        return _letters(masks)[:length]

    def _read(self, text: list[int]) -> tuple[float, float]:
        """How often a character is read, and what it costs, on a text after which nothing fits."""
        visits = nanoseconds = 0.0
        after = self._after(None)
        for bit in text:
            here = self._reading(after, bit)
            visits += sum(here.values())
            nanoseconds += self._price(here)
            if not here or nanoseconds > ENOUGH:
                break
            after = self._after(here)
        return visits, nanoseconds

    def _after(self, here: Ways | None) -> Ways:
        """What can be read next, with ways; None for the start."""
        if here is None:
            return {place: float(ways) for place, ways in self._first.items()}
        found: Ways = {}
        edges = 0
        for place, count in here.items():
            after = self._made.follow[place]
            edges += len(after)
            for number, ways in after.items():
                found[number] = found.get(number, 0.0) + count * ways
        self._made.spend(1 + edges // 8)
        return found

    def _reading(self, after: Ways, bit: int) -> Ways:
        return {place: count for place, count in after.items() if self._made.letters[place] & bit}

    def _price(self, here: Ways) -> float:
        return sum(count * self._prices[place] for place, count in here.items())

    def _forked(self) -> tuple[float, float, float]:
        """Go on with the characters that leave most ways: the most ways at once, the visits, and what they cost."""
        letters = _distinct(self._made.letters)
        most = visits = nanoseconds = 0.0
        beam = [(self._after(None), 0.0, 0.0)]
        for _ in range(min(len(self._made.letters), self._longest)):
            read = [
                (here, before + sum(here.values()), spent + self._price(here))
                for after, before, spent in beam
                for here in self._best(after, letters)
            ]
            beam = []
            for here, before, spent in sorted(read, key=lambda item: sum(item[0].values()), reverse=True)[:_BREADTH]:
                most, visits = max(most, sum(here.values())), max(visits, before)
                nanoseconds = max(nanoseconds, spent)
                beam.append((self._after(here), before, spent))
            if not beam or nanoseconds > ENOUGH:
                break
        return max(most, 1.0), visits, nanoseconds

    def _best(self, after: Ways, letters: list[int]) -> list[Ways]:
        """Where the characters lead that leave most ways."""
        by_mask: dict[int, float] = {}
        for number, count in after.items():
            mask = self._made.letters[number]
            by_mask[mask] = by_mask.get(mask, 0.0) + count
        self._made.spend(1 + len(by_mask) * len(letters) // 20)
        scores = [(sum(count for mask, count in by_mask.items() if mask & bit), bit) for bit in letters]
        return [self._reading(after, bit) for score, bit in sorted(scores, reverse=True)[:_BREADTH] if score]


def _distinct(masks: list[int]) -> list[int]:
    """One character of each kind that the positions tell apart."""
    kinds = [0]
    for mask in masks:
        kinds[0] |= mask & ~END
    for mask in {*masks}:
        kinds = [part for kind in kinds for part in (kind & mask, kind & ~mask) if part]
    return [kind & -kind for kind in kinds]


def _letters(masks: list[int]) -> list[int]:
    """A character of each mask; the one before where it can be."""
    found: list[int] = []
    for mask in masks:
        allowed = mask & ~END
        found.append(found[-1] if found and found[-1] & allowed else allowed & -allowed)
    return found
