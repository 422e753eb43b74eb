"""Which engine decides is said where a deployed server's decides otherwise."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from flagops.commands.flags.documents.other_flags import decided_otherwise
from flagops.commands.flags.serve import view
from flagops.commands.flags.serve.sources import from_catalogue, from_document
from flagops.commands.flags.server.engine import Engine
from flagops.serving.page.view import flags
from tests.flagops.serving.support import EXAMPLE, Served, served_file

SAID = "beta_users asks for another flag, which is found here as by SDKs that evaluate by themselves"
TEN = "Flagsmith up to 2.265.0 has flag-engine 10, which finds no flag there"


def asking(catalogue: Path) -> None:
    """Let a segment of the catalogue ask for another flag."""
    text = catalogue.read_text(encoding="utf-8")
    assert "trait: beta_participant" in text
    catalogue.write_text(
        text.replace("trait: beta_participant", "trait: $.flags.hebrew_ui_enabled.enabled", 1), encoding="utf-8"
    )


def printed(found: Served) -> str:
    written = io.StringIO()
    view.show(Console(file=written, width=400), found.state, found.url)
    return written.getvalue()


def test_what_asks_for_other_flags_is_said_at_the_start_and_on_the_page(catalogue: Path) -> None:
    asking(catalogue)
    with served_file(catalogue) as found:
        assert f"{SAID}; a server may decide otherwise: {TEN}." in printed(found)
        (note,) = flags(found.state)["notes"]
        assert note.startswith(SAID)


def test_nothing_is_said_where_both_engines_decide_the_same() -> None:
    with served_file(EXAMPLE) as found:
        assert "flag-engine" not in printed(found)
        assert flags(found.state)["notes"] == []


def test_an_edit_that_brings_it_is_said_too(service: Served, catalogue: Path) -> None:
    asking(catalogue)
    told = service.wait()
    assert "Read" in told
    assert service.wait().startswith(SAID)
    assert len(flags(service.state)["notes"]) == 1


def test_a_saved_document_says_it_too(catalogue: Path, tmp_path: Path) -> None:
    asking(catalogue)
    path = tmp_path / "saved.json"
    path.write_text(json.dumps(from_catalogue(catalogue).environments[0].document), encoding="utf-8")
    assert from_document(path).notes[0].startswith(SAID)


@pytest.mark.parametrize(
    ("release", "said"),
    [
        ((2, 265, 0), "Flagsmith 2.265.0 has flag-engine 10, which finds no flag there; SDKs"),
        ((2, 271, 0), "Flagsmith 2.271.0 runs an engine that is not known here"),
        (None, "the server does not say its release"),
    ],
)
def test_of_a_server_it_goes_by_its_release(catalogue: Path, release: tuple[int, int, int] | None, said: str) -> None:
    asking(catalogue)
    documents = [item.document for item in from_catalogue(catalogue).environments]
    (note,) = decided_otherwise(documents, Engine(release).said_of_flags)
    assert note.startswith(SAID)
    assert said in note
