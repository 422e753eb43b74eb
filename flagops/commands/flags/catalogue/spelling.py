"""The names in a catalogue: their style, their length, and none that differs from another one in case only.

The lengths are those of Flagsmith's models: a project, an environment, a feature and a segment have 2,000 characters, a
group 200, a tag 100, a variation's key 255, which is a slug too (features/multivariate/models.py).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from components.text import quoting
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.catalogue.naming import IN_WORDS, NameStyle, fits
from flagops.commands.flags.catalogue.problems import CatalogueProblem, Key
from flagops.commands.flags.catalogue.rollouts import rollout_segment
from flagops.flagsmith_api.throwaway import is_throwaway

LONGEST_NAME: Final = 2000
LONGEST_GROUP: Final = 200
LONGEST_TAG: Final = 100
LONGEST_VARIATION: Final = 255
_SLUG: Final = re.compile(r"[-a-zA-Z0-9_]+")


def check_names(catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    """What is wrong with the names of a project, its environments, segments, flags, their tags and variations."""
    yield from _text(("project",), catalogue.project)
    for number, name in enumerate(catalogue.environments):
        yield from _text(("environments", number), name)
    yield from _alike((("environments", number), name) for number, name in enumerate(catalogue.environments))
    for section, names in (("segments", catalogue.segments), ("flags", catalogue.flags)):
        for name in names:
            yield from _styled((section, name), name, catalogue.names)
        yield from _alike(((section, name), name) for name in names)
    for name, part in catalogue.segments.items():
        if part.flag is not None and name.startswith(f"{part.flag}."):
            text = f"begins as the segments that a rollout of {quoting.key(part.flag)} needs: choose another name"
            yield CatalogueProblem(("segments", name), text)
    yield from _tags(catalogue)
    for flag, item in catalogue.flags.items():
        places = [(("flags", flag, "variations", n, "name"), of.name) for n, of in enumerate(item.variations)]
        for key, name in places:
            yield from _variation(key, name)
        yield from _alike(places)
    for name in catalogue.access.groups:
        yield from _text(("access", "groups", name), name, LONGEST_GROUP)
    yield from _alike((("access", "groups", name), name) for name in catalogue.access.groups)
    yield from _made(catalogue)


def _tags(catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    """A tag is the project's: two flags may have the same one, but not spelt in two ways."""
    places = [
        (("flags", flag, "tags", n), tag) for flag, item in catalogue.flags.items() for n, tag in enumerate(item.tags)
    ]
    for key, tag in places:
        yield from _text(key, tag, LONGEST_TAG)
    seen: dict[str, str] = {}
    for key, tag in places:
        first = seen.setdefault(tag.casefold(), tag)
        if first != tag:
            yield _spelt(key, tag, first)


def _alike(places: Iterable[tuple[Key, str]]) -> Iterator[CatalogueProblem]:
    """Names that are there twice, or in two spellings."""
    seen: dict[str, str] = {}
    for key, name in places:
        first = seen.get(name.casefold())
        if first is None:
            seen[name.casefold()] = name
        elif first == name:
            yield CatalogueProblem(key, f"{quoting.key(name)} is given twice: remove one")
        else:
            yield _spelt(key, name, first)


def _spelt(key: Key, name: str, first: str) -> CatalogueProblem:
    said = f"{quoting.value(name)} differs from {quoting.value(first)} in case only"
    return CatalogueProblem(key, f"{said}: write both in one way, or choose another name")


def _text(key: Key, name: str, longest: int = LONGEST_NAME) -> Iterator[CatalogueProblem]:
    """A name that people and terminals can show, and that Flagsmith keeps as it is."""
    if quoting.printable(name) != name:
        yield CatalogueProblem(key, f"is {quoting.value(name)}: must not hold characters that nobody sees")
    elif not name.strip():
        yield CatalogueProblem(key, "is empty: Flagsmith takes no name without a letter")
    elif name != name.strip():
        said = "has blanks at its ends, which Flagsmith takes away: remove them"
        yield CatalogueProblem(key, f"is {quoting.value(name)}: {said}")
    elif len(name) > longest:
        yield CatalogueProblem(key, f"has {len(name)} characters ({quoting.value(name)}); Flagsmith takes {longest}")


def _styled(key: Key, name: str, style: NameStyle) -> Iterator[CatalogueProblem]:
    problems = list(_text(key, name))
    if problems:
        yield from problems
    elif not fits(name, style):
        others = (
            "" if style is not NameStyle.SNAKE else "; `names: kebab-case`, or another style, is for other projects"
        )
        yield CatalogueProblem(key, f"must be {style}: {IN_WORDS[style]}{others}")
    elif is_throwaway(name):
        yield CatalogueProblem(
            key, "is a name such as `ff smoke` gives to what it makes, which nothing here sees: choose another"
        )


def _variation(key: Key, name: str) -> Iterator[CatalogueProblem]:
    if not _SLUG.fullmatch(name):
        said = "must be of the letters a to z and A to Z, digits, _ and -, which Flagsmith takes as a variation's key"
        yield CatalogueProblem(key, f"is {quoting.value(name)}: {said}")
    elif len(name) > LONGEST_VARIATION:
        yield CatalogueProblem(key, f"has {len(name)} characters; Flagsmith takes {LONGEST_VARIATION}")


def _made(catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    """The segments that rollouts need have names of their own: each is one's alone, and fits."""
    seen = {name.casefold(): f"the segment {quoting.key(name)}" for name in catalogue.segments}
    for flag, item in catalogue.flags.items():
        # Most flags have no rollout, and a catalogue may have thousands of environments.
        for environment in catalogue.environments if item.rollout is not None else item.environments:
            own = item.environments.get(environment)
            is_own = own is not None and own.rollout is not None
            rollout = own.rollout if own is not None and is_own else item.rollout
            key: Key = ("flags", flag, *(("environments", environment) if is_own else ()), "rollout")
            for group in () if rollout is None else (None, *rollout.segments):
                name = rollout_segment(flag, environment, group)
                said = f"needs a segment {quoting.value(name)}"
                if len(name) > LONGEST_NAME:
                    text = f"{said} of {len(name)} characters; Flagsmith takes {LONGEST_NAME}: shorten the names"
                    yield CatalogueProblem(key, text)
                if name.casefold() in seen:
                    yield CatalogueProblem(key, f"{said}, a name that {seen[name.casefold()]} has: rename one of them")
                seen[name.casefold()] = f"the rollout of {quoting.key(flag)}"
