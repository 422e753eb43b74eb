"""Brings the catalogue to the double as `ff flags apply` does, so that the examples find the flags they ask for."""

from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.reconcile.apply import Reviewed, apply
from flagops.commands.flags.reconcile.desired import desired
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import Environment
from tests.doubles.flagsmith import Flagsmith

RATE = 1000.0  # requests a second: the double need not be spared


def seed(flagsmith: Flagsmith, catalogue: Catalogue) -> None:
    """Make the catalogue's segments and flags."""
    with FlagsmithClient(flagsmith.url) as client:
        client.log_in(flagsmith.email, flagsmith.password)
        rows = client.pages("/api/v1/environments/", {"project": 1})
        connection = Connection(
            client=client,
            project=1,
            organisation=1,
            name=flagsmith.project,
            environments=tuple(Environment.of(row) for row in rows),
            instance=None,
            label=flagsmith.url,
            actor=("user", flagsmith.email),
        )
        apply(connection, Reviewed.now(connection, desired(catalogue)), on_change=lambda _: None, rate=RATE)
