"""Two models of how many goals a team shoots, and how well each of them does."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import fmean

MATCHES = Path(__file__).parents[2] / "matches.json"


@dataclass(frozen=True)
class Match:
    """What a team did in a match, and what came of it."""

    on_target: int
    big_chances: int
    goals: int


def by_shots(match: Match) -> float:
    """The first model: every shot on target is worth the same."""
    return 0.35 * match.on_target


def by_chances(match: Match) -> float:
    """The second model: a big chance is worth more."""
    return 0.1 * match.on_target + 0.55 * match.big_chances


MODELS: dict[str, Callable[[Match], float]] = {"v1": by_shots, "v2": by_chances}


@dataclass
class Performance:
    """How well each variant does: an own metric, since Flagsmith knows who got which variant, not how it went."""

    errors: dict[str, list[float]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def predict(self, variant: str, match: Match) -> float:
        """The variant's prediction; its error and its time are kept."""
        start = time.perf_counter()
        goals = MODELS[variant](match)
        self.seconds.setdefault(variant, []).append(time.perf_counter() - start)
        self.errors.setdefault(variant, []).append(abs(goals - match.goals))
        return goals

    def by_variant(self) -> dict[str, dict[str, float]]:
        """Predictions, mean error in goals and mean time, of each variant that was used."""
        return {
            variant: {
                "predictions": len(errors),
                "mean_error": round(fmean(errors), 4),
                "mean_microseconds": round(fmean(self.seconds[variant]) * 1e6, 3),
            }
            for variant, errors in sorted(self.errors.items())
        }


def matches() -> Iterator[Match]:
    """The matches of the data set, again and again."""
    return cycle([Match(**item) for item in json.loads(MATCHES.read_text(encoding="utf-8"))])
