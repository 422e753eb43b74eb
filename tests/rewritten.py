"""Assertions of all test files are rewritten once, not by each worker.

pytest rewrites a file where it imports it first and keeps that beside the file. In a new clone all workers collect the
same files in the same order at the same time, so that each rewrote all of them: 13 s of CPU a worker. Here each begins
with files of its own.
"""

from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Import this worker's part, if all tests are to run. What cannot be imported is told where it is collected."""
    worker: dict[str, object] | None = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    number, count = int(str(worker["workerid"]).removeprefix("gw")), int(str(worker["workercount"]))
    here = Path(__file__).parent
    for path in sorted(here.rglob("test_*.py"))[number::count]:
        with suppress(Exception, pytest.skip.Exception):
            import_module(".".join(path.relative_to(here.parent).with_suffix("").parts))
