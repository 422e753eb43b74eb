"""Which JSONPaths of conditions are taken: those that name one place.

A condition's property that begins with `$.` is asked of all that the engine knows of a request: the environment, every
flag and segment, the user. One that looks everywhere (`$..*`) or compares what it finds (`[?…]`, which can hold a
regular expression too) can take for ever, again and again with each request.
"""

from typing import Final

PREFIX: Final = "$."
LONGEST: Final = 1000
"""Characters of a property; the column of Flagsmith's table."""


def problem_of(asked: str) -> str | None:
    """What is wrong with a condition's property, for after "which"; None for a trait's name or a path that is taken."""
    if len(asked) > LONGEST:
        return f"has {len(asked)} characters; Flagsmith takes {LONGEST}"
    if not asked.startswith(PREFIX):
        return None
    import jsonpath_rfc9535 as jsonpath  # the engine's own; few conditions have a path

    try:
        query = jsonpath.compile(asked)
    except jsonpath.JSONPathSyntaxError:
        return None  # which the engine takes for a trait's name
    except (jsonpath.JSONPathError, RecursionError):
        return "is no path that Flagsmith's engine can follow"
    return None if query.singular_query() else "looks at more than one place: name one, such as $.identity.identifier"
