"""What the page says of the environments on GitHub: what every branch may use can only read."""

import re

from tests.recording import ROOT

ROW = re.compile(r"^\| (`.+`) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_only_previews_are_open_to_every_branch() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8").partition("### Without a stored kubeconfig")[0]
    rows = {name: (may, rule) for names, may, rule in ROW.findall(page) for name in re.findall("`(.+?)`", names)}
    assert len(rows) >= 10
    unruled = {name for name, (_, rule) in rows.items() if "branch `main` only" not in rule and "-" in name}
    unruled = {name for name in unruled if not name.endswith(".yml")}
    assert unruled == {"preview-staging", "preview-production"}
    assert {rows[name][0] for name in unruled} == {"read the cluster"}
