"""`ff status` and the direct engine on a Gateway and its routes, by the conditions that controllers write."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from flagops.commands.status.status import status
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import Phase, assess
from tests.components.settings.test_gateway import SHARED
from tests.flagops.commands.gateways import ACCEPTED, IN_SERVICE, PARENT, instance, made, route, said


@pytest.mark.parametrize(
    ("live", "attached", "text", "is_fine"),
    [
        (IN_SERVICE, ACCEPTED, "no address", True),
        (
            {**IN_SERVICE, "status": {**IN_SERVICE["status"], "addresses": [{"value": "192.0.2.9"}]}},
            ACCEPTED,
            "192.0.2.9",
            True,
        ),
        (made("shared", namespace="gateways"), ACCEPTED, "no address, no controller has said anything of it", False),
        (
            made("shared", said("Programmed", "False", "AddressNotAssigned"), namespace="gateways"),
            ACCEPTED,
            "no address, AddressNotAssigned",
            False,
        ),
    ],
)
def test_the_status_shows_the_address(
    live: Manifest, attached: Sequence[Mapping[str, Any]], text: str, is_fine: bool
) -> None:
    rows = status(instance(SHARED, live, route(PARENT, *attached))).rows
    assert [(row.name, row.state, row.is_fine) for row in rows if row.kind == "Gateway"] == [
        ("gateways/shared", text, is_fine)
    ]
    assert [(row.state, row.is_fine) for row in rows if row.kind == "HTTPRoute"] == [
        ("accepted by gateways/shared, listener https", True)
    ]


def test_the_status_shows_a_route_that_is_refused_and_waits_only_where_the_settings_do() -> None:
    refused = instance(SHARED, IN_SERVICE, route(PARENT, said("Accepted", "False", "NoMatchingParent")))
    (row,) = (row for row in status(refused).rows if row.kind == "HTTPRoute")
    assert (row.state, row.is_fine) == ("gateways/shared, listener https: NoMatchingParent", False)
    for awaited in (True, False):
        place = instance({**SHARED, "awaitConditions": awaited}, made("shared", namespace="gateways"), route(PARENT))
        rows = {row.kind: row.is_fine for row in status(place).rows if row.kind in ("Gateway", "HTTPRoute")}
        assert rows == {"Gateway": not awaited, "HTTPRoute": not awaited}


@pytest.mark.parametrize(
    ("live", "message"),
    [
        (made("flagsmith"), "no controller has taken it up yet"),
        (made("flagsmith", said("Programmed", generation=1)), "no controller has taken it up yet"),
        (made("flagsmith", said("Programmed", "False", "AddressNotAssigned")), "AddressNotAssigned: about Programmed"),
        (made("flagsmith", said("Programmed")), ""),
        (route(PARENT), "the controller of the Gateway gateways/shared, listener https has not said Accepted yet"),
        (route(PARENT, said("Accepted")), "gateways/shared, listener https has not said ResolvedRefs yet"),
        (route(PARENT, *ACCEPTED, of={"name": "other"}), "has not said Accepted yet"),
        (
            route(PARENT, said("Accepted", "False", "NotAllowedByListeners")),
            "Gateway gateways/shared, listener https: NotAllowedByListeners: about Accepted",
        ),
        (route(PARENT, *ACCEPTED), ""),
    ],
)
def test_the_direct_engine_waits_for_what_pulumi_waits_for_and_says_why(live: Manifest, message: str) -> None:
    readiness = assess(live)
    assert readiness.phase is (Phase.WAITING if message else Phase.READY)
    assert message in readiness.message
    skipped = {**live, "metadata": {**live["metadata"], "annotations": {"pulumi.com/skipAwait": "true"}}}
    assert assess(skipped).phase is Phase.READY
