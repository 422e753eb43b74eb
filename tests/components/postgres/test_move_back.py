"""Going back while Flagsmith moves: which of the two servers is opened, and which is closed before that."""

import psycopg2
import pytest

from tests.components.postgres.conftest import succeeded
from tests.components.postgres.moving import Move
from tests.servers import LOOPBACK


def test_going_back_lets_the_server_be_written_to_that_is_named(move: Move) -> None:
    """Before the deployment that switches, the one of before is the live one of the Job's template still."""
    move.found("stop")
    assert move.step("back", LIVE_HOST="localhost", BACK_TO="elsewhere").returncode != 0
    move.found("back", LIVE_HOST="localhost", BACK_TO="localhost")
    move.embedded.ask("flagsmith_a", "first", "INSERT INTO users (email) VALUES ('again@example.com')")


def test_before_going_back_the_other_one_takes_nothing_whichever_the_template_calls_live(move: Move) -> None:
    """What pods that have moved would write there would be lost."""
    move.found("stop")
    move.imported()
    succeeded(move.cluster.make())
    insert = "INSERT INTO users (email) VALUES ('late@example.com')"
    # The deployment that switches was not made: the template calls the embedded one live, to which it goes back.
    move.found("shut", LIVE_HOST="localhost", BACK_TO="localhost")
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        move.cluster.ask("flagsmith_a", "first", insert)
    # Who goes on with the move opens it again.
    move.found("back", LIVE_HOST="localhost", BACK_TO=LOOPBACK)
    move.cluster.ask("flagsmith_a", "first", insert)
    # It was made.
    move.to_cluster = False
    move.found("shut", BESIDE_HOST="localhost", BACK_TO="localhost")
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        move.cluster.ask("flagsmith_a", "first", insert)
