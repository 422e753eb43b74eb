"""A hold on a flag keeps nothing from being told of a segment that has the flag's name."""

from pathlib import Path

from tests.flagops.commands.flags.support import Project, Run, example
from tests.flagops.commands.flags.switching import set_flag

NAME = "israeli_users"
FLAGS = "\nflags:\n"
TWIN = f"{FLAGS}  {NAME}: {{description: The same name., owner: web, kind: ops, enabled: false}}\n"


def with_twin(text: str) -> str:
    """The example with a flag that has a segment's name."""
    assert FLAGS in text
    return text.replace(FLAGS, TWIN, 1)


def test_a_segment_that_was_changed_by_hand_stays_beside_a_held_flag_of_its_name(
    server: Project, run: Run, tmp_path: Path
) -> None:
    path = example(tmp_path, with_twin)
    words = (str(path), "--url", server.url, "--notes", str(tmp_path / "left.json"), "--yes")
    assert run("flags", "apply", *words).exit_code == 0
    assert set_flag(run, server, NAME, "--on", "-e", "production", "--hold", "1h").exit_code == 0
    (row,) = [row for row in server.client.pages("/api/v1/projects/1/segments/") if row["name"] == NAME]
    condition = {"property": "country", "operator": "EQUAL", "value": "US"}
    rules = [{"type": "ALL", "rules": [{"type": "ANY", "rules": [], "conditions": [condition]}], "conditions": []}]
    address = f"/api/v1/projects/1/segments/{row['id']}/"
    server.client.patch(address, {"rules": rules, "description": row["description"]})
    done = run("flags", "apply", *words)
    assert done.exit_code == 3, done.stderr
    assert f"! segment {NAME}: left as it is" in done.stderr
    assert "US" in str(server.client.get(address)["rules"])
