"""A worker of Flagsmith's API that stops sends the usage that it has counted."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from components.flagsmith import logs
from components.settings import releases
from components.text.versions import dotted
from tests.recording import record

# Flagsmith's caches as far as they matter: one makes tasks at once, the other writes in threads that end with it.
CACHES = """
import threading, time

class Cache:
    def __init__(self, send):
        self._lock, self._cache, self._send = threading.Lock(), {}, send

    def _flush(self):
        if threading.current_thread() is threading.main_thread():
            raise RuntimeError("its connection is that of the parent")
        for item in self._cache.items():
            self._send(item)
        self._cache = {}

sent = []

def late(item):
    time.sleep(0.3)
    sent.append(item)

def in_thread(item):
    threading.Thread(target=late, args=[item], daemon=True).start()

def slow(item):
    time.sleep(120)

def away(item):
    raise ConnectionError("postgresql://flagsmith:secret@database")
"""
PACKAGES = {
    "common/gunicorn/conf.py": "def child_exit(server, worker):\n    print('theirs', worker.pid)\n",
    "caches.py": CACHES,
    "app_analytics/services.py": "import caches\napi_usage_cache = caches.Cache(caches.in_thread)\n",
}
PROGRAM = """
import importlib.util, json, os, sys, types

for name in json.loads(sys.argv[1]):
    __import__(name)
import caches
import flagsmith_gunicorn

views, services = sys.modules.get("app_analytics.views"), sys.modules.get("app_analytics.services")
if hasattr(views, "feature_evaluation_cache"):
    views.feature_evaluation_cache._cache = {"flag": 29}
if services:
    services.api_usage_cache._cache = {"requests": 7, "others": 2}
said = []
server = types.SimpleNamespace(log=types.SimpleNamespace(warning=lambda text, *given: said.append(text % given)))
flagsmith_gunicorn.worker_exit(server, types.SimpleNamespace(pid=os.getpid() + int(sys.argv[2])))
hooks = [name for name in dir(flagsmith_gunicorn) if "exit" in name]
print(json.dumps({"sent": sorted(caches.sent), "said": said, "hooks": hooks}))
"""
NOTHING: Mapping[str, str | None] = MappingProxyType({})
BOTH = ("app_analytics.views", "app_analytics.services")


def stopped(
    home: Path,
    *,
    send: str = "caches.sent.append",
    loaded: tuple[str, ...] = BOTH,
    parent: int = 0,
    changed: Mapping[str, str | None] = NOTHING,
) -> Any:
    """What a worker that has these modules sends when it stops; those that are None are not there."""
    views = f"import caches, threading\nfeature_evaluation_cache = caches.Cache({send})\n"
    for name, text in {**PACKAGES, "app_analytics/views.py": views, **changed}.items():
        if text is None:
            continue
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(loaded), str(parent)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{home}:{logs.SCRIPTS}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def test_what_was_counted_is_sent_and_waited_for(tmp_path: Path) -> None:
    found = stopped(tmp_path)
    assert found["sent"] == [["flag", 29], ["others", 2], ["requests", 7]]
    assert found["said"] == []


def test_one_that_cannot_be_sent_is_told_without_secrets_and_takes_no_other_along(tmp_path: Path) -> None:
    found = stopped(tmp_path, send="caches.away")
    assert found["sent"] == [["others", 2], ["requests", 7]]
    assert found["said"] == [
        "Usage of up to a minute is lost: feature_evaluation_cache of app_analytics.views: ConnectionError"
    ]


def test_a_database_that_hangs_does_not_hold_the_worker(tmp_path: Path) -> None:
    started = time.monotonic()
    found = stopped(tmp_path, send="caches.slow")
    assert found["sent"] == [["others", 2], ["requests", 7]]
    assert time.monotonic() - started < 30
    assert found["said"] == [
        "Usage of up to a minute is lost: not sent within 5 s: feature_evaluation_cache of app_analytics.views"
    ]


def test_a_thread_that_does_not_end_is_told(tmp_path: Path) -> None:
    found = stopped(
        tmp_path, send="lambda item: threading.Thread(target=caches.slow, args=[item], daemon=True).start()"
    )
    (said,) = found["said"]
    assert said.startswith("Usage of up to a minute is lost: not sent within 5 s: Thread-")


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("app_analytics/views.py", "import caches\nanother = caches.Cache(caches.sent.append)\n"),
        ("app_analytics/views.py", None),
    ],
    ids=["named otherwise", "in another module"],
)
def test_a_release_that_keeps_its_sums_elsewhere_is_told(tmp_path: Path, module: str, text: str | None) -> None:
    found = stopped(tmp_path, loaded=BOTH if text else BOTH[1:], changed={module: text})
    assert found["sent"] == [["others", 2], ["requests", 7]]
    assert found["said"] == [
        "Usage of up to a minute is lost: this release has no feature_evaluation_cache of app_analytics.views"
    ]


@pytest.mark.parametrize(("loaded", "parent"), [((), 0), (BOTH, 1)])
def test_a_worker_that_never_served_and_the_parent_send_nothing(
    tmp_path: Path, loaded: tuple[str, ...], parent: int
) -> None:
    found = stopped(tmp_path, loaded=loaded, parent=parent)
    assert (found["sent"], found["said"]) == ([], [])


def test_flagsmith_s_own_hooks_stay(tmp_path: Path) -> None:
    assert stopped(tmp_path)["hooks"] == ["child_exit", "worker_exit"]


def test_the_api_s_gunicorn_is_told_where_it_is() -> None:
    recording = record("local", {"version": dotted(releases.NEWEST_VERIFIED)})
    pod = recording.one("Deployment", "flagsmith")["spec"]["template"]["spec"]
    (item,) = pod["containers"]
    assert item["args"][-3:] == ["--config", "python:flagsmith_gunicorn", "api"]
    environment = {entry["name"]: entry.get("value") for entry in item["env"]}
    (mounted,) = (entry["name"] for entry in item["volumeMounts"] if entry["mountPath"] == environment["PYTHONPATH"])
    (volume,) = (entry["configMap"]["name"] for entry in pod["volumes"] if entry["name"] == mounted)
    held = recording.one("ConfigMap", volume)["data"]
    assert held["flagsmith_gunicorn.py"] == logs.GUNICORN.read_text(encoding="utf-8")


def test_a_release_that_has_flagsmith_s_own_configuration_elsewhere_starts_all_the_same(tmp_path: Path) -> None:
    found = stopped(tmp_path, changed={"common/gunicorn/conf.py": None})
    assert found["hooks"] == ["worker_exit"]
    assert found["sent"] == [["flag", 29], ["others", 2], ["requests", 7]]
