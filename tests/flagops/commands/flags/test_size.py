"""The cost of a plan grows with what changes, not with the catalogue; benchmarks/ has the seconds."""

from pathlib import Path

import yaml

from tests.flagops.commands.flags.support import ENVIRONMENTS, Project, Run

FLAGS, TARGETED, GRADED = 500, 100, 20
# The projects, the environments, flags, segments, tags, and of each environment its states and its document.
REQUESTS = 5 + 2 * len(ENVIRONMENTS)


def catalogue(home: Path) -> Path:
    """500 flags for three environments: every fifth one targeted, twenty of them with a graded rollout."""
    flags = {}
    for number in range(FLAGS):
        flag: dict[str, object] = {
            "description": f"Number {number}.",
            "owner": "web",
            "kind": "ops",
            "enabled": number % 2 == 0,
            "value": f"value {number}",
        }
        if number < GRADED:
            flag |= {"enabled": False, "rollout": {"everyone": 25, "segments": {"beta": 50}}}
        elif number < TARGETED:
            flag["targeting"] = [{"segment": "beta", "enabled": True}]
        flags[f"flag_{number}"] = flag
    beta = {"description": "The beta.", "all": [{"trait": "beta", "operator": "EQUAL", "value": True}]}
    content = {"project": "FootAnalytics", "environments": [*ENVIRONMENTS], "segments": {"beta": beta}, "flags": flags}
    path = home / "catalogue.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def test_five_hundred_flags_in_three_environments(server: Project, run: Run, tmp_path: Path) -> None:
    path = catalogue(tmp_path)
    done = run("flags", "apply", str(path), "--url", server.url, "--yes", "--rate", "1000")
    assert done.exit_code == 0, done.stderr
    assert server.double
    server.double.forget()
    planned = run("flags", "plan", str(path), "--url", server.url)
    assert planned.exit_code == 0, planned.stdout
    assert server.double.requests.total() == REQUESTS
    server.double.forget()
    assert run("flags", "apply", str(path), "--url", server.url, "--yes").exit_code == 0
    assert {method for method, _ in server.double.requests} == {"GET"}, "an unchanged apply writes nothing"
    server.double.forget()
    path.write_text(path.read_text().replace("value 499", "another"), encoding="utf-8")
    assert run("flags", "apply", str(path), "--url", server.url, "--yes").exit_code == 0
    writes = {key: count for key, count in server.double.requests.items() if key[0] != "GET"}
    tagged = [key for key in writes if "/tags/" in key[1]]
    assert [method for method, _ in tagged] == ["PATCH"], "one mark of the apply"
    changed = [count for key, count in writes.items() if key not in tagged]
    assert changed == [1] * len(ENVIRONMENTS), "one change of one flag is one write in each environment"
