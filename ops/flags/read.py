"""Reads a project's flags from a server, in a number of requests that does not grow with the number of flags.

Four for the project (flags, segments, tags; the fourth is the list of environments, which connecting reads), two for
each environment (its states, and its document, which alone says of all overrides which segment they are for), and one
more for each flag with several overrides in an environment: their order is not read from the document, which the server
may have cached.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ops.errors import OpsError
from ops.flags.read_groups import read_groups
from ops.flags.remote_rules import read_rules
from ops.flags.snapshot import RemoteFlag, RemoteOption, RemoteOverride, RemoteSegment, RemoteState, Snapshot, Variant
from ops.flags.spec import MARK
from ops.flags.values import Plain
from ops.flagsmith.client import FlagsmithClient, FlagsmithError
from ops.flagsmith.connect import Connection
from ops.flagsmith.deployed import Environment

Row = Mapping[str, Any]
THREADS = 4
NO_SUCH_PATH = frozenset([200, 404])  # the unified image answers 200 with its page to what it does not know
FIELDS = {"unicode": "string_value", "int": "integer_value", "bool": "boolean_value"}


@dataclass(frozen=True)
class Link:
    """Which segment an override is for, and its priority."""

    id: int
    segment: int
    priority: int


def read(
    connection: Connection, names: Collection[str], wanted: Collection[str], *, with_groups: bool = False
) -> Snapshot:
    """The project as it is now.

    Args:
        connection: Where.
        names: The environments to read; those that are not there are left out.
        wanted: Flags whose overrides are read even if they are archived.
        with_groups: Whether groups of people are read as well: three requests more, and one for each environment.
    """
    client, project = connection.client, f"/api/v1/projects/{connection.project}"
    environments = [item for item in connection.environments if item.name in names]
    with ThreadPoolExecutor(THREADS) as pool:
        listed = pool.map(lambda what: list(client.pages(f"{project}/{what}/")), ("features", "segments", "tags"))
        states = pool.map(lambda item: _states(client, item), environments)
        documents = pool.map(lambda item: _document(client, item), environments)
        features, segments, tags = listed
        needed = {row["id"] for row in features if not row["is_archived"] or row["name"] in wanted}
        found = _known(segments, environments, states, documents, needed)
        missing = [key for key, rows in found.items() if _is_unsure(rows)]
        links = dict(zip(missing, pool.map(lambda key: _links(client, *key), missing), strict=True))
        groups, users = read_groups(connection, environments, pool) if with_groups else ({}, {})
    labels = {row["id"]: row["label"] for row in tags}
    by_environment = {item.id: item.name for item in environments}
    flags: dict[int, dict[str, RemoteState]] = defaultdict(dict)
    names_of = {row["id"]: row["name"] for row in segments}
    for (environment, feature), rows in found.items():
        flags[feature][by_environment[environment]] = _state(rows, links.get((environment, feature), {}), names_of)
    counted = [row["name"] for row in segments]
    return Snapshot(
        environments={item.name: item for item in connection.environments},
        tags={row["label"]: row["id"] for row in tags},
        system_tags=frozenset(row["label"] for row in tags if row.get("is_system_tag")),
        segments={row["name"]: _segment(row) for row in reversed(segments)},
        ambiguous=frozenset(name for name in counted if counted.count(name) > 1),
        flags={row["name"]: _flag(row, labels, flags[row["id"]]) for row in features},
        groups=groups,
        users=users,
        requests=4 + 2 * len(environments) + len(missing) + (3 + len(environments)) * with_groups,
    )


@dataclass(frozen=True)
class _Rows:
    """The states of one flag in one environment, and of its overrides what the document says."""

    own: list[Row]
    overrides: list[Row]
    known: Mapping[str, tuple[int, int]]


def _known(
    segments: Iterable[Row],
    environments: Iterable[Environment],
    states: Iterable[list[Row]],
    documents: Iterable[Mapping[str, tuple[int, int]]],
    needed: Collection[int],
) -> dict[tuple[int, int], _Rows]:
    existing = {row["id"] for row in segments}
    found: dict[tuple[int, int], _Rows] = {}
    for environment, rows, document in zip(environments, states, documents, strict=True):
        known = {uuid: link for uuid, link in document.items() if link[0] in existing}
        for row in rows:
            if row.get("identity") or row["feature"] not in needed:
                continue
            of = found.setdefault((environment.id, row["feature"]), _Rows([], [], known))
            (of.overrides if row["feature_segment"] else of.own).append(row)
    return found


def _is_unsure(rows: _Rows) -> bool:
    """Whether the links have to be asked for: there is an order, or the document does not know an override (yet)."""
    return len(rows.overrides) > 1 or any(row["uuid"] not in rows.known for row in rows.overrides)


def _state(rows: _Rows, links: Mapping[int, Link], names: Mapping[int, str]) -> RemoteState:
    if len(rows.own) != 1:
        raise OpsError(f"Flagsmith shows {len(rows.own)} states of one flag in one environment, not one.")
    (own,) = rows.own
    overrides = []
    for row in rows.overrides:
        link = links.get(row["feature_segment"])
        segment, priority = (link.segment, link.priority) if link else rows.known[row["uuid"]]
        overrides.append(
            RemoteOverride(
                id=row["id"],
                link=row["feature_segment"],
                segment=names[segment],
                segment_id=segment,
                priority=priority,
                enabled=row["enabled"],
                value=value(row["feature_state_value"]),
                variants=_variants(row),
            )
        )
    overrides.sort(key=lambda item: (item.priority, item.link))
    return RemoteState(own["id"], own["enabled"], value(own["feature_state_value"]), _variants(own), tuple(overrides))


def _states(client: FlagsmithClient, environment: Environment, feature: int | None = None) -> list[Row]:
    wanted = {"environment": environment.id, **({"feature": feature} if feature else {})}
    return list(client.pages("/api/v1/features/featurestates/", wanted))


def _document(client: FlagsmithClient, environment: Environment) -> dict[str, tuple[int, int]]:
    """Of each override's uuid the segment and the priority; of none, where the server has no such document."""
    try:
        found = client.get(f"/api/v1/environments/{environment.key}/document/")
    except FlagsmithError as error:
        if error.status not in NO_SUCH_PATH:
            raise
        return {}
    return {
        state["featurestate_uuid"]: (segment["id"], (state.get("feature_segment") or {}).get("priority") or 0)
        for segment in found["project"]["segments"]
        for state in segment["feature_states"]
    }


def _links(client: FlagsmithClient, environment: int, feature: int) -> dict[int, Link]:
    rows = client.pages("/api/v1/features/feature-segments/", {"environment": environment, "feature": feature})
    return {row["id"]: Link(row["id"], row["segment"], row["priority"]) for row in rows}


def read_state(
    client: FlagsmithClient, environment: Environment, feature: int, names: Mapping[int, str]
) -> RemoteState:
    """One flag in one environment, as it is now; `names` are those of segments by id."""
    rows = [row for row in _states(client, environment, feature) if row["feature"] == feature]
    mine = [row for row in rows if not row.get("identity")]
    of = _Rows([row for row in mine if not row["feature_segment"]], [row for row in mine if row["feature_segment"]], {})
    return _state(of, _links(client, environment.id, feature) if of.overrides else {}, names)


def value(kept: Row | None) -> Plain:
    """A value out of the API's typed form."""
    found: Plain = kept[FIELDS[kept["type"]]] if kept else None
    return found


def typed(plain: Plain) -> dict[str, Any]:
    """A value in the API's typed form."""
    kind = "bool" if isinstance(plain, bool) else "int" if isinstance(plain, int) else "unicode"
    return {"type": kind, **dict.fromkeys(FIELDS.values()), FIELDS[kind]: plain}


def _variants(row: Row) -> tuple[Variant, ...]:
    return tuple(
        Variant(item["id"], item["multivariate_feature_option"], float(item["percentage_allocation"]))
        for item in row["multivariate_feature_state_values"]
    )


def _segment(row: Row) -> RemoteSegment:
    description = row.get("description") or ""
    is_managed = description.endswith(MARK)
    shown = description.removesuffix(MARK).rstrip("\n") if is_managed else description
    return RemoteSegment(row["id"], row["name"], shown, read_rules(row["rules"]), row.get("feature"), is_managed)


def _flag(row: Row, labels: Mapping[int, str], states: Mapping[str, RemoteState]) -> RemoteFlag:
    return RemoteFlag(
        id=row["id"],
        name=row["name"],
        description=row.get("description") or "",
        tags=frozenset(labels[number] for number in row["tags"] if number in labels),
        is_archived=row["is_archived"],
        options=tuple(option(item) for item in row["multivariate_options"]),
        states=states,
    )


def option(row: Row) -> RemoteOption:
    """A variation out of the API's form."""
    return RemoteOption(row["id"], row.get("key"), value(row), float(row["default_percentage_allocation"]))
