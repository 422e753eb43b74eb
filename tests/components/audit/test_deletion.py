"""The page says how old entries are deleted: what the exporter has sent, and nothing else."""

import re
import subprocess
from collections.abc import Sequence

from tests.components.audit.collector import Collector, Exporters
from tests.components.audit.exported import add, wait_for_all
from tests.components.audit.log import Log
from tests.fixtures_cluster import eventually
from tests.postgres_programs import postgres_programs
from tests.recording import ROOT

ALL = 49
PAGE = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")


def sent_and_refused(log: Log) -> list[tuple[int, list[int]]]:
    """What the page asks as superuser, whose prompt finds names in pg_catalog alone."""
    (statement,) = re.findall(r"--command='(SELECT .*?)'", PAGE)
    return [(sent, refused) for sent, refused in log.query(f"SET search_path = pg_catalog, pg_temp; {statement}")]


def deleted(log: Log, sent: int, refused: Sequence[int]) -> str:
    """What psql says of the page's deletion."""
    (script,) = re.findall(r"```sql\n( *\\set sent.*?)```", PAGE, re.DOTALL)
    given = {
        r"\set sent 4711": rf"\set sent {sent}",
        r"\set refused {}": rf"\set refused {{{','.join(map(str, refused))}}}",
    }
    for example, value in given.items():
        assert example in script
        script = script.replace(example, value)
    command = [str(postgres_programs() / "psql"), log.postgres.url(), "--no-psqlrc", "--set=ON_ERROR_STOP=1"]
    done = subprocess.run(command, input=script, check=True, capture_output=True, text=True, timeout=60)
    return str(done.stdout).strip()


def test_old_entries_that_were_sent_can_be_deleted_as_the_page_says(
    log: Log, collector: Collector, exporters: Exporters
) -> None:
    log.query("UPDATE audit_auditlog SET created_date = now() - interval '500 days'")
    assert sent_and_refused(log) == [], "nothing was sent yet"
    exporters.to(collector)
    wait_for_all(log, collector)
    ((sent, refused),) = sent_and_refused(log)
    assert (sent, refused) == (ALL, [])
    assert deleted(log, sent, [1]) == f"DELETE {ALL - 2}", "what the endpoint refuses stays"
    assert deleted(log, sent, refused) == "DELETE 1"
    assert log.query("SELECT id FROM audit_auditlog") == [(ALL,)], "the exporter knows the log by its last entry"
    exporters.end(exporters.running[0])
    exporters.to(collector)
    (new,) = add(log)

    def the_new_one_is_there() -> bool:
        return new in collector.rows

    eventually(the_new_one_is_there)
    assert collector.rows[ALL:] == [new], "nothing is sent again"
