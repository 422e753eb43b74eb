"""Flags that are named for one environment: their names begin with its name, and they are on in no other one."""

from collections.abc import Iterator

from flagops.commands.flags.catalogue.model import Catalogue, Flag, State
from flagops.commands.flags.catalogue.naming import words
from flagops.commands.flags.catalogue.problems import CatalogueProblem


def check_prefixes(catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    """What is on where its name says that it is not."""
    for name, flag in catalogue.flags.items():
        own = _environment_of(name, catalogue)
        others = [place for place in catalogue.environments if place != own and own and _is_on(flag, place)]
        if others:
            said = f"is named for {own}, and on in {', '.join(others)}: switch it off there, or give it another name"
            yield CatalogueProblem(("flags", name), said, is_warning=True)


def _environment_of(flag: str, catalogue: Catalogue) -> str | None:
    """The environment with whose words a flag's name begins; of several the longest."""
    parts = words(flag)
    found = [name for name in catalogue.environments if (own := words(name)) and own == parts[: len(own)] != parts]
    return max(found, key=lambda name: len(words(name)), default=None)


def _is_on(flag: Flag, environment: str) -> bool:
    """Whether anybody has it there."""
    state = flag.environments.get(environment, State())
    if flag.enabled if state.enabled is None else state.enabled:
        return True
    rollout = state.rollout or flag.rollout
    targets = flag.targeting if state.targeting is None else state.targeting
    rolls_out = rollout is not None and any((rollout.everyone, rollout.steps, *rollout.segments.values()))
    return rolls_out or any(target.enabled for target in targets)
