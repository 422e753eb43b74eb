"""A task of Flagsmith's task processor closes its connections when it ends; without that, each leaves one open."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.flagsmith import logs
from components.settings import releases
from components.text.versions import dotted
from tests.recording import record
from tests.servers import LOOPBACK, Postgres, running_postgres

# As Flagsmith does its tasks: each in an executor of its own, whose end nobody waits for.
PROCESSOR = """
from concurrent.futures import ThreadPoolExecutor

def run(task):
    executor = ThreadPoolExecutor(max_workers=1)
    try:
        return executor.submit(task, "a", kept="b").result(timeout=30)
    finally:
        executor.shutdown(wait=False)
"""
PROGRAM = """
import gc, importlib, sys, time
from django.conf import settings

settings.configure(DATABASES={"default": {
    "ENGINE": "django.db.backends.postgresql", "HOST": sys.argv[1], "PORT": sys.argv[2],
    "NAME": "flagsmith", "USER": "postgres", "PASSWORD": "secret"}})
import django
from django.db import connection
django.setup()
gc.disable()  # it comes by when it likes
for name in sys.argv[3:]:
    importlib.import_module(name)

def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]

def task(*given, **named):
    assert (given, named) == (("a",), {"kept": "b"})
    return ask("SELECT 1")

def failing(*given, **named):
    ask("SELECT 1")
    raise KeyError("as tasks may")

from task_processor import processor
for _ in range(10):
    assert processor.run(task) == 1
    try:
        processor.run(failing)
    except KeyError:
        pass
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'flagsmith' AND state IS NOT NULL"
# The server may need a moment to see that a connection was closed.
ends = time.monotonic() + 5
while (count := ask(COUNT)) > 1 and time.monotonic() < ends:
    time.sleep(0.05)
print(count)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with running_postgres(tmp_path_factory.mktemp("tasks-server"), "secret") as made:
        yield made


def run(home: Path, server: Postgres, *modules: str, processor: str = PROCESSOR) -> tuple[int, str]:
    """How many connections there are after twenty tasks, and what was said."""
    for name, text in {
        "common/gunicorn/conf.py": "",
        "task_processor/__init__.py": "",
        "task_processor/processor.py": processor,
        "task_processor/threads.py": "class TaskRunnerCoordinator:\n    def stop(self): ...\n",
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, LOOPBACK, str(server.port), *modules],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{home}:{logs.SCRIPTS}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout), done.stderr


def test_tasks_leave_no_connection_open(tmp_path: Path, server: Postgres) -> None:
    assert run(tmp_path, server, "flagsmith_tasks") == (1, "")


def test_without_it_each_leaves_one(tmp_path: Path, server: Postgres) -> None:
    assert run(tmp_path, server) == (21, "")


def test_a_release_that_does_its_tasks_in_another_way_is_told(tmp_path: Path, server: Postgres) -> None:
    another = PROCESSOR.replace("ThreadPoolExecutor", "futures.ThreadPoolExecutor").replace(
        "from concurrent.futures import futures.ThreadPoolExecutor", "from concurrent import futures"
    )
    count, said = run(tmp_path, server, "flagsmith_tasks", processor=another)
    assert count == 21
    assert said.startswith("This release does its tasks in another way")


def test_a_release_that_has_flagsmith_s_own_configuration_elsewhere_starts_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "task_processor").mkdir()
    (tmp_path / "task_processor" / "__init__.py").touch()
    (tmp_path / "task_processor" / "processor.py").write_text(PROCESSOR, encoding="utf-8")
    (tmp_path / "task_processor" / "threads.py").write_text(THREADS, encoding="utf-8")
    program = (
        "import flagsmith_tasks; from task_processor import processor; print(processor.ThreadPoolExecutor.__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path}:{logs.SCRIPTS}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("ClosingExecutor\n", "")


def test_the_task_processor_is_told_where_it_is() -> None:
    recording = record("local", {"version": dotted(releases.NEWEST_VERIFIED)})
    pod = recording.one("Deployment", "flagsmith-task-processor")["spec"]["template"]["spec"]
    (item,) = pod["containers"]
    assert item["args"][:4] == ["start", "--config", "python:flagsmith_tasks", "task-processor"]
    (volume,) = (entry["configMap"]["name"] for entry in pod["volumes"] if entry["name"] == "logs")
    held = recording.one("ConfigMap", volume)["data"]
    assert held["flagsmith_tasks.py"] == logs.TASKS.read_text(encoding="utf-8")


def test_a_release_without_it_has_no_such_argument_and_warns() -> None:
    older = record("local", {"version": "2.224.0"})
    (item,) = older.one("Deployment", "flagsmith-task-processor")["spec"]["template"]["spec"]["containers"]
    assert item["args"][:2] == ["start", "task-processor"]


# As Flagsmith's own: threads that do what they have taken, and one that watches them and waits for their end.
THREADS = """
import time
from concurrent.futures import thread
from threading import Event, Thread
from task_processor import processor

class TaskRunnerCoordinator(Thread):
    taken = [1, 2, 3]
    stopped, began = Event(), Event()

    def run(self):
        runner = Thread(target=self.batch)
        runner.start()
        self.stopped.wait()
        runner.join()

    def batch(self):
        for number in self.taken:
            self.began.set()
            try:
                print(processor.run(lambda *given, **named: self.slow(number)), flush=True)
            except RuntimeError as error:
                print(error, flush=True)

    def slow(self, number):
        # The first is at work while the process ends; if that waits for it, for a second.
        self.stopped.wait()
        ends = time.monotonic() + 1
        while number == 1 and not thread._shutdown and time.monotonic() < ends:
            time.sleep(0.01)
        return number

    def stop(self):
        self.stopped.set()
"""
ENDING = """
import importlib, sys
from django.conf import settings
settings.configure(DATABASES={})
from task_processor.threads import TaskRunnerCoordinator
coordinator = TaskRunnerCoordinator()
coordinator.start()
coordinator.began.wait()
for name in sys.argv[1:]:
    importlib.import_module(name)
coordinator.stop()
"""


def ended(home: Path, *modules: str, threads: str = THREADS) -> tuple[list[str], str]:
    """What a process that is told to end makes of the tasks that it has taken, and what it says."""
    for name, text in {
        "common/gunicorn/conf.py": "",
        "task_processor/__init__.py": "",
        "task_processor/processor.py": PROCESSOR,
        "task_processor/threads.py": threads,
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", ENDING, *modules],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{home}:{logs.SCRIPTS}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


def test_a_process_that_is_told_to_end_does_what_it_has_taken(tmp_path: Path) -> None:
    assert ended(tmp_path, "flagsmith_tasks") == (["1", "2", "3"], "")


def test_without_it_what_was_taken_and_not_begun_fails(tmp_path: Path) -> None:
    said, _ = ended(tmp_path)
    assert said == ["1", *["cannot schedule new futures after interpreter shutdown"] * 2]


def test_a_release_that_stops_its_threads_in_another_way_is_told(tmp_path: Path) -> None:
    another = THREADS.replace("TaskRunnerCoordinator", "Coordinator")
    package = tmp_path / "task_processor"
    package.mkdir()
    for name, text in {"__init__.py": "", "processor.py": PROCESSOR, "threads.py": another}.items():
        (package / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "import flagsmith_tasks"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path}:{logs.SCRIPTS}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.startswith("This release stops its threads in another way")
