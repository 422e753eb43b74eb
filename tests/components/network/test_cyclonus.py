"""Production, and each single setting that opens a way, by an evaluator that is not ours: the table, and no more."""

import re
from collections.abc import Callable

import pytest

from components.settings import warnings
from components.settings.checks.wide import API_SERVER_PORTS
from components.settings.networks import is_wide
from components.settings.sections.network_policy import Egress
from components.settings.ways import Reach, ways
from tests.components.network.actors import OUTSIDE, OWN
from tests.components.network.cyclonus import allowed
from tests.components.network.expected import NEVER, Connection, holds, listed
from tests.components.network.reachable import reachable
from tests.components.network.rendered import Rendered, rendered, settings_of, stack_of
from tests.components.network.table import rows
from tests.components.network.variants import ALL, SINGLE, VARIANTS
from tests.go_programs import built

NAME_SERVER = ("DNS of the node", 53)
# Who is named outright is meant, whatever it is.
NAMED = {"alone: webhooks, the metadata service by name": ("metadata service", 80)}
# Whom no setting of any variant means: who reaches one reaches more than was meant.
SERVERS = frozenset({"API server", "host of the API server"})
STRANGERS = (
    frozenset(
        actor.name for actor in OUTSIDE if actor.namespace == "refused" or actor.name.startswith(("host o", "private"))
    )
    - SERVERS
)

# The pods of a Cluster, whose table lists that they ask the API server.
ASKING = frozenset({"database", "pooler"})
API_SERVER = "networkPolicy.apiServer"
Ask = Callable[[Rendered], set[Connection]]


@pytest.fixture(scope="module")
def passed() -> Ask:
    """What cyclonus lets pass in a stack; each is asked about once."""
    program, known = built("cyclonus", "."), dict[str, set[Connection]]()

    def ask(stack: Rendered) -> set[Connection]:
        if stack.variant not in known:
            known[stack.variant] = allowed(program, stack.policies, stack.actors, stack.ports)
        return known[stack.variant]

    return ask


@pytest.fixture(params=ALL)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    directory = tmp_path_factory.getbasetemp() / "network" / str(list(ALL).index(request.param))
    return rendered(request.param, directory)


def called(stack: Rendered, connections: set[Connection]) -> set[tuple[str, int]]:
    """Whom the pods of the stack reach outside of it, and on which port."""
    own = {actor.name for actor in stack.actors if actor.namespace == OWN}
    return {(to, port) for source, to, port, _ in connections if source in own and to not in own}


def test_what_cyclonus_lets_pass_is_what_the_table_lists(passed: Ask, stack: Rendered) -> None:
    found, table = passed(stack), set(listed(stack, blocks_match_pods=True))

    assert not found - table, "open, and not in the table"
    assert not table - found, "in the table, and cut off"


def test_nobody_reaches_a_link_or_a_metadata_service_that_is_not_named(passed: Ask, stack: Rendered) -> None:
    reached = {(to, port) for to, port in called(stack, passed(stack)) if to in NEVER}

    assert reached == {NAME_SERVER, NAMED.get(stack.variant, NAME_SERVER)}


def test_what_stays_wide_is_said_at_preview(passed: Ask, stack: Rendered) -> None:
    wide = {port for to, port in called(stack, passed(stack)) if to in STRANGERS}
    lines = [line for line in warnings(stack.settings) if not line.startswith(API_SERVER)]
    told = [re.findall(r"\bport ([0-9, ]+)\b", line) for line in lines]

    assert {int(port) for ports in told for listed in ports for port in listed.split(", ")} == wide


def test_nobody_reaches_the_api_server_unless_a_preview_says_that_it_may_be_so(passed: Ask, stack: Rendered) -> None:
    others = {item for item in passed(stack) if item[0] not in ASKING or not stack.settings.postgres.clustered}
    reached = {port for to, port in called(stack, others) if to in SERVERS}
    told = " ".join(line for line in warnings(stack.settings) if line.startswith(API_SERVER))

    if stack.settings.network_policy.api_server:
        assert (reached, told) == (set(), "")
    for port in reached & API_SERVER_PORTS:
        assert f"port {port} of " in told


@pytest.mark.parametrize("variant", VARIANTS)
def test_our_own_evaluator_says_the_same(passed: Ask, variant: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    stack = rendered(variant, tmp_path_factory.getbasetemp() / "network" / str(list(ALL).index(variant)))

    assert reachable(stack, blocks_match_pods=True) == passed(stack)


def test_every_row_of_the_table_is_tried_alone() -> None:
    """By production as it is, or with one setting more."""
    stacks = [settings_of(stack_of(overrides)) for overrides in ({}, *SINGLE.values())]

    assert [row for row in rows() if not any(holds(row, settings) for settings in stacks)] == []


def test_every_way_is_tried_alone_in_each_form() -> None:
    tried = [way for overrides in SINGLE.values() for way in ways(settings_of(stack_of(overrides)))]
    forms = {(way.service, way.reach) for way in tried}

    assert {service for service, _ in forms} == {*Egress.model_fields, "telemetry"}
    assert {reach for _, reach in forms} == set(Reach)
    for service in ("postgres", "redis", "smtp", "tracing", "s3", "audit"):
        assert {(service, Reach.ANYWHERE), (service, Reach.STATED)} <= forms, service
    assert {way.beside for way in tried if way.networks} == {way.beside for way in tried if way.beside}
    assert any(is_wide(str(peer.cidr)) for way in tried for peer in way.to if peer.cidr)
