"""Flagsmith's log: a line of JSON for each request, with its id, and nothing of whom it was about."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.flagsmith import logs
from components.settings.sections.logs import AccessLog
from tests.recording import environment, record, recorded

# Logs as Flagsmith and gunicorn do: gunicorn gives its format a dictionary of everything it knows of a request, and
# Django a request with its lines on those it refused. The attributes of a record become keys of its line.
PROGRAM = """
import json, logging, logging.config, os, sys, types

with open(os.environ["LOGGING_CONFIGURATION_FILE"], encoding="utf-8") as file:
    logging.config.dictConfig(json.load(file))

plain = set(vars(logging.makeLogRecord({}))) | {"message"}

class Json(logging.Formatter):
    def format(self, record):
        extra = {key: repr(value) for key, value in vars(record).items() if key not in plain}
        kept = record.args if isinstance(record.args, dict) else {}
        return json.dumps({**extra, **kept, "message": record.getMessage(), "logger": record.name})

for handler in logging.getLogger().handlers:
    handler.setFormatter(Json())
# gunicorn's own handler, beside the root's.
access = logging.getLogger("gunicorn.access")
access.propagate = False
access.addHandler(logging.StreamHandler(sys.stdout))
access.handlers[0].setFormatter(Json())

for line in sys.stdin:
    kind, values = json.loads(line)
    if kind == "access":
        access.info(os.environ["ACCESS_LOG_FORMAT"], values)
    elif kind == "refused":
        request = types.SimpleNamespace(path=values["path"], META=values["META"], resolver_match=None)
        logging.getLogger("django.request").warning("%s: %s", "Forbidden", request.path, extra={"request": request})
    else:
        logging.getLogger(kind).info(values)
"""

WHO = "alice@example.com"
TOKEN = "cx4k-0f1e2d"


def atoms(path: str, route: str, *, query: str = "", status: str = "200", milliseconds: int = 5) -> dict[str, Any]:
    return {
        "h": "10.0.0.7",
        "m": "GET",
        "U": path,
        "q": query,
        "s": status,
        "a": "sdk/1",
        "f": f"https://x/?{query}",
        "M": milliseconds,
        "B": 12,
        "r": f"GET {path}?{query} HTTP/1.1",
        "t": "[24/Nov/2026:17:36:31 +0000]",
        "{flagsmith.route}e": route,
        "{x-request-id}i": "req-1",
        "{x-environment-key}i": "ser.secret",
        "{cookie}i": "session=secret",
    }


def written(tmp_path: Path, *records: tuple[str, object], access: AccessLog = "all") -> list[dict[str, Any]]:
    """The lines that a process with the pods' logging configuration writes."""
    for name, text in logs.files(access).data.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    env = {name: value.replace(logs.DIRECTORY, str(tmp_path)) for name, value in logs.environment(access).items()}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input="\n".join(json.dumps(item) for item in records),
        env={**os.environ, **env, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_request_is_written_with_route_and_id_and_without_query_headers_or_referer(tmp_path: Path) -> None:
    request = atoms("/api/v1/identities/", "/api/v1/identities/", query=f"identifier={WHO}")
    (line,) = written(tmp_path, ("access", request))
    assert line["route"] == "'/api/v1/identities/'"
    assert line["request_id"] == "'req-1'"
    assert line["message"] == "GET /api/v1/identities/ 200"
    assert (line["h"], line["a"], line["M"], line["B"]) == ("10.0.0.7", "sdk/1", 5, 12)
    assert WHO not in json.dumps(line)
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize(
    ("path", "route", "shown"),
    [
        ("/api/v1/projects/3/features/17/", "/api/v1/projects/{project_pk}/features/{pk}/", None),
        ("/api/v1/environments/Abc/", "/api/v1/environments/{api_key}/", "/api/v1/environments/{api_key}/"),
        (f"/reset/MQ/{TOKEN}/", "/reset/{uidb64}/{token}/", "/reset/{uidb64}/{token}/"),
        ("/api/v1/identities/4711/traits/", "/api/v1/identities/{identifier}/traits/", None),
        (f"/some/{TOKEN}", "", "(unknown)"),
        (f"/a/b/c/{TOKEN}", "/{path}", "/{path}"),
    ],
)
def test_a_path_shows_the_numbers_of_things_and_nothing_else(
    tmp_path: Path, path: str, route: str, shown: str | None
) -> None:
    (line,) = written(tmp_path, ("access", atoms(path, route)))
    if shown is None:
        shown = route if "{identifier}" in route else path
    assert line["U"] == shown
    assert TOKEN not in json.dumps(line)
    assert "4711" not in json.dumps(line)


def test_a_refused_request_is_written_by_its_route_too(tmp_path: Path) -> None:
    meta = {"flagsmith.route": "/join/{hash}/", "HTTP_X_REQUEST_ID": "req-2", "QUERY_STRING": f"identifier={WHO}"}
    lines = written(
        tmp_path, ("refused", {"path": f"/join/{TOKEN}/", "META": meta}), ("refused", {"path": "/x", "META": {}})
    )
    assert [line["message"] for line in lines] == ["Forbidden: /join/{hash}/", "Forbidden: (unknown)"]
    assert lines[0]["request_id"] == "'req-2'"
    assert not any("request" in line or WHO in json.dumps(line) for line in lines)


def test_an_id_that_could_not_be_one_is_left_out(tmp_path: Path) -> None:
    wrong = ("a b", "x" * 129, "")
    lines = written(tmp_path, *(("access", atoms("/", "/") | {"{x-request-id}i": text}) for text in wrong))
    assert len(lines) == len(wrong)
    assert not any("request_id" in line for line in lines)


def test_probes_that_pass_are_not_written_and_those_that_fail_are(tmp_path: Path) -> None:
    path = "/health/readiness/"
    lines = written(tmp_path, ("access", atoms(path, path)), ("access", atoms(path, path, status="500")))
    assert [line["s"] for line in lines] == ["500"]


def test_problems_alone_are_refused_failed_and_slow_requests(tmp_path: Path) -> None:
    requests = (atoms("/1", "/1"), atoms("/2", "/2", status="403"), atoms("/3", "/3", milliseconds=1000))
    lines = written(tmp_path, *(("access", item) for item in requests), access="problems")
    assert [line["U"] for line in lines] == ["/2", "/3"]


def test_flagsmiths_own_lines_are_written_but_not_the_keys_that_no_environment_has(tmp_path: Path) -> None:
    own = (("task_processor.threads", "started"), ("environments.models", "key ser.x does not exist"), ("httpx", "GET"))
    assert [line["message"] for line in written(tmp_path, *own)] == ["started"]


def test_api_and_task_processor_read_the_configuration_and_jobs_do_not() -> None:
    recording = recorded("production")
    name = logs.files("all").name
    assert recording.one("ConfigMap", name)["data"] == logs.files("all").data
    for deployment in ("flagsmith", "flagsmith-task-processor"):
        template = recording.one("Deployment", deployment)["spec"]["template"]
        assert logs.environment("all").items() <= environment(template).items()
        assert {"name": "logs", "configMap": {"name": name}} in template["spec"]["volumes"]
        (item,) = (o for o in recording.program.objects if (o.ref.kind, o.ref.name) == ("Deployment", deployment))
        assert f"ConfigMap/{name}" in recording.needed_by(item)
    assert "LOGGING_CONFIGURATION_FILE" not in environment(
        recording.starting("Job", "flagsmith-migrate")["spec"]["template"]
    )


def test_another_choice_is_another_config_map() -> None:
    recording = record("local", {"logs": {"access": "none"}})
    env = environment(recording.one("Deployment", "flagsmith")["spec"]["template"])
    assert env["ACCESS_LOG_LOCATION"] == "/dev/null"
    assert logs.files("none").name != logs.files("all").name


def test_a_release_that_takes_no_configuration_gets_none() -> None:
    recording = record("local", {"version": "2.224.0"})
    assert not [item for item in recording.all("ConfigMap") if item["metadata"]["name"].startswith("flagsmith-logs")]
    assert "PYTHONPATH" not in environment(recording.one("Deployment", "flagsmith")["spec"]["template"])
