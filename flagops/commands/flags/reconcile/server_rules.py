"""What a project and its server take, beside what every Flagsmith does: read where it can be read, before a change.

The list of projects, which every run reads, has the project's own rules. The sizes that Flagsmith takes are settings of
its process: a stack's `env` says them. Elsewhere they are the catalogue's `limits`, since no answer of the API has them
but its OpenAPI document, which costs a server eight seconds. The most flags and segments of a project hold on
Flagsmith's own edge alone (`is_edge_enabled` in features/serializers.py), and only there they are asked for.
"""

import re
from collections.abc import Iterator, Mapping

from components.text import quoting
from components.text.regular import look_at
from flagops.commands.flags.catalogue.limits import ServerLimits
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import FlagSpec, ProjectSpec
from flagops.errors import ConflictError
from flagops.flagsmith_api.connect import Connection

LONGEST_NAME = 2000


def require_taken(connection: Connection, wanted: ProjectSpec, found: Snapshot) -> None:
    """Raise OpsError with all that this server would refuse."""
    new = [name for name in wanted.flags if name not in found.flags]
    said = [*_names(connection, new), *_owners(connection, new), *_sizes(connection, wanted)]
    if connection.rules.get("use_edge_identities"):
        said += _counts(connection, wanted, found)
    if said:
        raise ConflictError("\n".join(quoting.few(said)), hint="Change the catalogue, or the settings of that server.")


def _names(connection: Connection, new: list[str]) -> Iterator[str]:
    expression = connection.rules.get("feature_name_regex")
    if not expression or look_at(str(expression), longest=LONGEST_NAME).error is not None:
        return
    for name in new:
        if re.match(f"^{expression}$", name) is None:
            yield f"The project takes no flag {quoting.value(name)}: its names must match {quoting.value(expression)}."


def _owners(connection: Connection, new: list[str]) -> Iterator[str]:
    if connection.rules.get("enforce_feature_owners") and new:
        yield f"The project takes no new flag without an owner in Flagsmith, such as {quoting.value(new[0])}."


def _sizes(connection: Connection, wanted: ProjectSpec) -> Iterator[str]:
    limits = _limits(connection)
    if limits is None:
        return
    where = f"{connection.label} takes"
    for name, flag in wanted.flags.items():
        longest = max(_lengths(flag), default=0)
        if longest > limits.feature_value_limit:
            yield f"The flag {name} has a value of {longest} characters; {where} {limits.feature_value_limit}."
    for name, segment in wanted.segments.items():
        conditions = list(segment.rules.all_conditions())
        longest = max((len(item.value or "") for item in conditions), default=0)
        if longest > limits.segment_condition_value_limit:
            most = limits.segment_condition_value_limit
            yield f"The segment {name} has a condition of {longest} characters; {where} {most}."
        if len(conditions) > limits.segment_rules_conditions_limit:
            most = limits.segment_rules_conditions_limit
            yield f"The segment {name} has {len(conditions)} conditions; {where} {most}."


def _limits(connection: Connection) -> ServerLimits | None:
    """The sizes that a stack's Flagsmith takes; None where there is no stack to read them of."""
    if connection.instance is None:
        return None
    env = connection.instance.settings.env
    given = {name: str(env.get(name.upper(), "")) for name in ServerLimits.model_fields}
    return ServerLimits().model_copy(update={name: int(text) for name, text in given.items() if text.isdecimal()})


def _lengths(flag: FlagSpec) -> Iterator[int]:
    values = [flag.value, *(item.value for item in flag.options)]
    for state in flag.states.values():
        values += [state.value, *(item.value for item in state.overrides)]
    yield from (len(value) for value in values if isinstance(value, str))


def _counts(connection: Connection, wanted: ProjectSpec, found: Snapshot) -> Iterator[str]:
    """How many flags, segments and overrides there would be."""
    most: Mapping[str, int] = connection.client.get(f"/api/v1/projects/{connection.project}/")
    overrides = [
        sum(len(flag.states[name].overrides) for flag in wanted.flags.values()) for name in wanted.environments
    ]
    counts = {
        "max_features_allowed": ("flags", len({*wanted.flags, *found.flags})),
        "max_segments_allowed": ("segments", len({*wanted.segments, *found.segments})),
        "max_segment_overrides_allowed": ("overrides in one environment", max(overrides, default=0)),
    }
    for name, (what, count) in counts.items():
        if name in most and count > most[name]:
            yield f"The project would have {count} {what}; {connection.label} takes {most[name]}."
