"""What a server does not show is not taken for what it has not: each list that is read, answered by 403."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.test_first_apply import written
from tests.flagops.commands.flags.test_metadata import FLAGS, SEGMENTS, apply, command, fields, with_fields

__all__ = ["with_fields"]
HIDDEN = 403
FIELDS = "/api/v1/projects/1/metadata/fields/"
TYPES = "/api/v1/organisations/1/metadata-model-fields/supported-content-types/"
# A plan that finds nothing to do says so all the same: the log only tells who changed what differs, and where it cannot
# be read nothing is undone.
SAYS_SO = ("/api/v1/projects/1/audit/",)
ACCESS: dict[str, Any] = {"groups": {"viewers": {"role": "viewer"}}}


def hide(server: Project, path: str) -> None:
    assert server.double
    server.double.failing = {path: HIDDEN}


@pytest.mark.parametrize("path", [FIELDS, TYPES])
def test_metadata_is_not_judged_by_fields_that_are_hidden(
    with_fields: Project, run: Run, tmp_path: Path, path: str
) -> None:
    server, catalogue = with_fields, written(tmp_path, FLAGS, segments=SEGMENTS)
    apply(run, server, catalogue)
    before = fields(server)
    hide(server, path)
    for what in (("plan",), ("apply", "--yes")):
        done = command(run, server, catalogue, *what)
        assert done.exit_code == 1
        assert "does not show its custom fields" in done.stderr
        assert "can have: none" not in done.stderr
    assert server.double
    server.double.failing = {}
    assert fields(server) == before


@pytest.mark.parametrize("path", [FIELDS, TYPES])
def test_a_catalogue_that_follows_keeps_its_metadata_where_fields_are_hidden(
    with_fields: Project, run: Run, tmp_path: Path, path: str
) -> None:
    server, catalogue = with_fields, written(tmp_path, FLAGS, segments=SEGMENTS)
    apply(run, server, catalogue)
    text = catalogue.read_text(encoding="utf-8")
    hide(server, path)
    words = ("flags", "export", "--url", server.url)
    for name in ("banner", "vips"):
        done = run(*words, "--like", str(catalogue), "--only", name)
        assert done.exit_code == 0, done.stderr
    assert catalogue.read_text(encoding="utf-8") == text, "nothing was changed by hand"
    whole = run(*words, "--like", str(catalogue))
    content = yaml.safe_load(whole.stdout)
    assert content["flags"]["banner"]["metadata"] == FLAGS["banner"]["metadata"]
    assert content["segments"]["vips"]["metadata"] == {"team": "crm"}
    said = "Left out: custom fields of feature banner, segment vips: Flagsmith does not show here what they are"
    assert said in whole.stderr
    bare = run(*words)
    assert said in bare.stderr
    assert "metadata" not in yaml.safe_load(bare.stdout)["flags"]["banner"]


def test_where_fields_are_hidden_nobody_says_that_none_is_required(
    with_fields: Project, run: Run, tmp_path: Path
) -> None:
    server, catalogue = with_fields, written(tmp_path, {"plain": {"enabled": True}})
    hide(server, FIELDS)
    done = command(run, server, catalogue, "plan", "--json")
    assert done.exit_code == 2, done.stderr
    assert any(
        "whether custom fields are required was not looked at" in line for line in json.loads(done.stdout)["waiting"]
    )


def asked_by(server: Project, run: Run, *words: str) -> tuple[Any, list[str]]:
    """What a command says, and the paths that it reads."""
    assert server.double
    server.double.forget()
    done = run(*words)
    return done, sorted({path for method, path in server.double.requests if method == "GET" and path != "/version/"})


def test_each_list_that_is_hidden_is_said_and_not_taken_for_an_empty_one(
    with_fields: Project, run: Run, tmp_path: Path
) -> None:
    """The kind: whatever a plan and an export read is refused to them, one after the other."""
    server = with_fields
    catalogue = written(tmp_path, FLAGS, segments=SEGMENTS, access=ACCESS)
    apply(run, server, catalogue)
    plan = ("flags", "plan", str(catalogue), "--url", server.url, "--json", "--notes", str(tmp_path / "notes.json"))
    export = ("flags", "export", "--url", server.url)
    assert server.double
    for words, good in ((plan, 0), (export, 0)):
        done, paths = asked_by(server, run, *words)
        assert done.exit_code == good, done.stderr
        assert len(paths) >= 8
        for path in paths:
            hide(server, path)
            hidden = run(*words)
            server.double.failing = {}
            if path in SAYS_SO:
                assert hidden.exit_code == good
                continue
            is_said = "does not show" in hidden.stderr or path in hidden.stderr
            assert hidden.exit_code == 1 or is_said, f"{path}: {hidden.stdout}{hidden.stderr}"
            assert is_said, f"{path}: {hidden.stderr}"
