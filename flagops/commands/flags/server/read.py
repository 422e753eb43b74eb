"""Reads a project's flags from a server, in a number of requests that does not grow with the number of flags.

Five for the project (flags, segments, tags, and the lists of projects and environments, which connecting reads), and
one or two for each environment: its states, and where it has overrides its document, which alone says of all of them
which segment they are for.
The server may have cached the document for some seconds, so what it does not know is asked for one by one, and so is an
order of overrides that seems to be another one than is wanted. Each request counts: with an organisation's key the
server spends a quarter of a second on the key alone, which it keeps as a slow hash.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from components.text.versions import Version
from flagops.commands.flags.server.read_groups import read_groups
from flagops.commands.flags.server.rows import Row, StateRows, flag_of, is_touched, segment_of, value, variants
from flagops.commands.flags.server.snapshot import People, RemoteOverride, RemoteState, Snapshot
from flagops.commands.flags.spec import FlagSpec
from flagops.errors import AnswerError
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.custom_fields import custom_fields, known_fields
from flagops.flagsmith_api.deployed import NO_SUCH_PATH, Environment, require_made
from flagops.flagsmith_api.throwaway import kept

THREADS = 4
NO_SUCH_FLAG = 400
"""How Flagsmith answers who asks for the states of a flag that was deleted (seen on 2.265.0)."""


@dataclass(frozen=True)
class Link:
    """Which segment an override is for, and its priority."""

    id: int
    segment: int
    priority: int


def read(
    connection: Connection,
    names: Collection[str],
    wanted: Mapping[str, FlagSpec] | None = None,
    *,
    with_people: bool = False,
    with_fields: bool | None = None,
) -> Snapshot:
    """The project as it is now. Raises ConflictError for an environment that Flagsmith is still making.

    Args:
        connection: Where.
        names: The environments to read; those that are not there are left out.
        wanted: What is wanted of the flags; without it all orders are asked for.
        with_people: Whether groups and rights of people are read as well: ten requests more with a log-in, eight with
            a key, and two for each environment.
        with_fields: Whether the project's custom fields are read, in two requests; None for only if something has one.
    """
    client, project = connection.client, f"/api/v1/projects/{connection.project}"
    environments = [item for item in connection.environments if item.name in names]
    for item in environments:
        require_made(item)
    with ThreadPoolExecutor(THREADS) as pool:
        listed = pool.map(lambda what: list(client.pages(f"{project}/{what}/")), ("features", "segments", "tags"))
        contents = pool.map(lambda item: _content(client, item), environments)
        features, segments, tags = listed
        features, segments = kept(features), kept(segments)
        asked = list(contents)
        found = _known(features, segments, environments, asked)
        names_of = {row["id"]: row["name"] for row in segments}
        by_environment = {item.id: item.name for item in environments}
        expected = _Expected(wanted, {row["id"]: row["name"] for row in features}, by_environment, names_of)
        missing = [key for key, rows in found.items() if expected.is_unsure(key, rows)]
        links = dict(zip(missing, pool.map(lambda key: _links(client, *key), missing), strict=True))
        people = read_groups(connection, environments, pool) if with_people else People()
    used = {number for row in (*features, *segments) for number, _ in custom_fields(row)}
    is_asked = bool(used) if with_fields is None else with_fields
    fields = known_fields(client, connection.organisation, connection.project) if is_asked else ()
    labels = {row["id"]: row["label"] for row in tags}
    flags: dict[int, dict[str, RemoteState]] = defaultdict(dict)
    for (environment, feature), rows in found.items():
        flags[feature][by_environment[environment]] = _state(
            rows, links.get((environment, feature), {}), names_of, client.release
        )
    counted = [row["name"] for row in segments]
    return Snapshot(
        environments={item.name: item for item in connection.environments},
        tags={row["label"]: row["id"] for row in tags},
        system_tags=frozenset(row["label"] for row in tags if row.get("is_system_tag")),
        tag_descriptions={row["label"]: row["description"] for row in tags if row.get("description")},
        segments={row["name"]: segment_of(row) for row in reversed(segments)},
        ambiguous=frozenset(name for name in counted if counted.count(name) > 1),
        flags={row["name"]: flag_of(row, labels, flags[row["id"]]) for row in features},
        people=people,
        hides_disabled=bool(connection.rules.get("hide_disabled_flags")),
        requests=5 + sum(item.requests for item in asked) + len(missing) + people.requests + (2 if fields else 0),
        known_fields={(item.kind, item.name): item for item in fields or ()},
        hides_fields=is_asked and (fields is None or not used <= {item.number for item in fields}),
    )


@dataclass(frozen=True)
class _Content:
    """What was read of an environment: all states, and of each override's uuid the segment and the priority."""

    states: list[Row]
    document: Mapping[str, tuple[int, int]]
    requests: int


def _content(client: FlagsmithClient, environment: Environment) -> _Content:
    states = states_of(client, environment.id)
    if not any(row["feature_segment"] for row in states):
        return _Content(states, {}, 1)
    return _Content(states, _document(client, environment), 2)


def _known(
    features: Iterable[Row],
    segments: Iterable[Row],
    environments: Iterable[Environment],
    contents: Iterable[_Content],
) -> dict[tuple[int, int], StateRows]:
    """The states of the listed flags: a flag that is made in between, and what smoke tests make, are left out."""
    listed, existing = {row["id"] for row in features}, {row["id"] for row in segments}
    found: dict[tuple[int, int], StateRows] = {}
    for environment, content in zip(environments, contents, strict=True):
        known = {uuid: link for uuid, link in content.document.items() if link[0] in existing}
        for row in content.states:
            if row["feature"] not in listed:
                continue
            of = found.setdefault((environment.id, row["feature"]), StateRows(known))
            of.add(row)
    return {key: rows for key, rows in found.items() if rows.own or rows.overrides}


@dataclass(frozen=True)
class _Expected:
    """Which order of overrides is wanted, to tell where the document's has to be confirmed."""

    wanted: Mapping[str, FlagSpec] | None
    flags: Mapping[int, str]
    environments: Mapping[int, str]
    segments: Mapping[int, str]

    def is_unsure(self, key: tuple[int, int], rows: StateRows) -> bool:
        """Whether the links have to be asked for: the document lacks an override, or says a surprising order."""
        if any(row["uuid"] not in rows.known for row in rows.overrides):
            return True
        if len(rows.overrides) < 2:
            return False
        if self.wanted is None:
            return True
        flag = self.wanted.get(self.flags[key[1]])
        state = flag.states.get(self.environments[key[0]]) if flag else None
        if state is None:
            return False
        links = sorted((rows.known[row["uuid"]] for row in rows.overrides), key=lambda link: link[1])
        if len({priority for _, priority in links}) < len(links):
            return True
        there = [self.segments[segment] for segment, _ in links]
        named = [item.segment for item in state.overrides]
        return [name for name in there if name in named] != [name for name in named if name in there]


def _state(
    rows: StateRows, links: Mapping[int, Link], names: Mapping[int, str], release: Version | None
) -> RemoteState:
    if len(rows.own) != 1:
        raise AnswerError(f"Flagsmith shows {len(rows.own)} states of one flag in one environment, not one.")
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
                variants=variants(row),
                is_touched=is_touched(row, release),
                changed=row.get("updated_at") or "",
            )
        )
    overrides.sort(key=lambda item: (item.priority, item.link))
    return RemoteState(
        own["id"],
        own["enabled"],
        value(own["feature_state_value"]),
        variants(own),
        tuple(overrides),
        is_touched(own, release),
        own.get("updated_at") or "",
        tuple(bool(row["enabled"]) for row in rows.users),
    )


def states_of(client: FlagsmithClient, environment: int, feature: int | None = None) -> list[Row]:
    """The states of an environment, or of one flag there, its overrides among them; none of a flag that was deleted."""
    wanted = {"environment": environment, **({"feature": feature} if feature else {})}
    try:
        return list(client.pages("/api/v1/features/featurestates/", wanted))
    except FlagsmithError as error:
        if feature is None or error.status != NO_SUCH_FLAG:
            raise
        return []


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
    rows = [row for row in states_of(client, environment.id, feature) if row["feature"] == feature]
    of = StateRows({})
    for row in rows:
        of.add(row)
    return _state(of, _links(client, environment.id, feature) if of.overrides else {}, names, client.release)
