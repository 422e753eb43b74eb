"""What the primary is asked of its standbys, by a real PostgreSQL, and what is made of its answer."""

from pathlib import Path
from typing import Any

import pytest

from flagops.errors import AnswerError, FailedError
from flagops.pods import replication
from flagops.pods.exec import Completed
from flagops.pods.replication import QUERY, Standby, standbys
from tests.servers import running_postgres


class Instance:
    def masker(self) -> Any:
        return lambda text: text.replace("hunter2", "***")


def answered(monkeypatch: pytest.MonkeyPatch, code: int, out: str, err: str = "") -> list[Standby]:
    monkeypatch.setattr(replication, "run", lambda *_, **__: Completed(code, out, err))
    return standbys(Instance(), {"metadata": {"name": "flagsmith-pg-1"}})  # type: ignore[arg-type]


def test_each_standby_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    out = (
        '{"name" : "flagsmith-pg-2", "state" : "streaming", "bytes" : 0, "seconds" : 0.001}\n'
        '{"name" : "flagsmith-pg-3", "state" : "catchup", "bytes" : 1048576, "seconds" : 0}\n'
    )
    found = answered(monkeypatch, 0, out)
    assert found == [
        Standby("flagsmith-pg-2", "streaming", 0, 0.001),
        Standby("flagsmith-pg-3", "catchup", 1048576, 0.0),
    ]
    assert [item.is_fine for item in found] == [True, False]
    assert answered(monkeypatch, 0, "\n") == []


def test_a_primary_that_does_not_answer_has_no_standbys_that_are_well(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FailedError, match=r"cannot be asked.*\*\*\*"):
        answered(monkeypatch, 2, "", "connection refused for hunter2")
    with pytest.raises(AnswerError, match="not understood"):
        answered(monkeypatch, 0, "psql: something else\n")


def test_the_question_is_one_that_postgresql_answers(tmp_path: Path) -> None:
    of_the_view = "FROM pg_catalog.pg_stat_replication ORDER BY application_name"
    row = "('a', 'streaming', '0/0'::pg_lsn, '2 s'::interval)"
    with running_postgres(tmp_path, "only-for-tests") as postgres:
        assert postgres.query(QUERY) == []
        of_a_row = f"FROM (VALUES {row}) AS t(application_name, state, replay_lsn, replay_lag)"
        ((found,),) = postgres.query(QUERY.replace(of_the_view, of_a_row))
    assert (found["name"], found["state"], found["seconds"]) == ("a", "streaming", 2.0)
    assert found["bytes"] > 0
