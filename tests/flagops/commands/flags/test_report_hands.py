"""`ff flags report` begins with what is held, and with what was changed by hand."""

import re
from pathlib import Path

from tests.flagops.commands.flags.support import EXAMPLE, Project, Run
from tests.flagops.commands.flags.switching import ANN, FLAG, OTHER, as_ann, by_key, switch


def test_what_is_held_and_what_was_changed_by_hand_comes_first(server: Project, run: Run, tmp_path: Path) -> None:
    assert server.double
    words = ("--url", server.url, "--notes", str(tmp_path / "notes.json"))
    assert run("flags", "apply", str(EXAMPLE), *words, "--yes").exit_code == 0
    server.double.database.shows_audit = True
    as_ann(server)
    switch(server, OTHER, on=False)
    by_key(server)
    held = ("--hold", "2d", "--reason", "matches are <late>", "--yes", "--url", server.url)
    assert run("flags", "set", FLAG, "--on", "-e", "production", *held).exit_code == 0
    out = tmp_path / "report.html"
    done = run("flags", "report", "--out", str(out), "--catalogue", str(EXAMPLE), *words)
    assert done.exit_code == 0, done.stderr
    text = out.read_text(encoding="utf-8")
    _, _, hands = text.partition('<ul id="in-hands">')
    first, second = re.findall("<li>(.*?)</li>", hands.partition("</ul>")[0], re.DOTALL)
    assert first.startswith(f"flag {FLAG} is held until 20")
    assert "matches are &lt;late&gt;" in first
    assert second.startswith(f"flag {OTHER}: production: is off, changed by {ANN} at 20")
    assert "the catalogue wants on" in second


def test_where_nothing_is_in_anybody_s_hands_nothing_is_said(server: Project, run: Run, tmp_path: Path) -> None:
    words = ("--url", server.url, "--notes", str(tmp_path / "notes.json"))
    assert run("flags", "apply", str(EXAMPLE), *words, "--yes").exit_code == 0
    out = tmp_path / "report.html"
    assert run("flags", "report", "--out", str(out), "--catalogue", str(EXAMPLE), *words).exit_code == 0
    assert "in-hands" not in out.read_text(encoding="utf-8")
