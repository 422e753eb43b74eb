"""What a release promises does not change without a word in the changelog."""

import json
import re
from pathlib import Path

import pytest

from components.settings import Settings
from flagops.commands.docs.configuration_page import entries
from tests.recording import ROOT
from tests.versioning.contract import FILE, contract, keys, with_json
from tests.versioning.json_output import SOURCES

RELEASED = json.loads(FILE.read_text(encoding="utf-8"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = ("settings", "outputs", "objects", "commands", "json", "metrics", "alerts")


def sections(changelog: str) -> dict[str, str]:
    """The text of each version, by its name, newest first."""
    parts = re.split(r"^## \[([^]]+)\].*$", changelog, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def quoted(text: str) -> set[str]:
    """What stands between backticks, and each of its words."""
    whole = {" ".join(found.split()) for found in re.findall(r"`([^`]+)`", text)}
    return whole | {word for found in whole for word in re.split(r"[\s|=:,{}\[\]()]+", found)}


def is_told(name: str, words: set[str]) -> bool:
    """Whether the changelog names it, in full or by its last part: `--recreate`, `ingress.tls.from`, `flagsmith-x`.

    A new section names its keys; a setting's type and default belong to its key.
    """
    key = name.partition(": ")[0] if re.match(r"\S+: ", name) else name
    last = re.split(r"[ /]", key.removesuffix("-*"))[-1]
    above = {".".join(last.split(".")[:length]) for length in range(2, last.count(".") + 1)}
    return bool({name, key, last, last.removesuffix("[]"), *above} & words)


def untold(released: dict[str, list[str]], now: dict[str, list[str]], changelog: str) -> dict[str, list[str]]:
    """What was added or taken away since the release, and is not named in the changelog's unreleased part."""
    words = quoted(sections(changelog)["Unreleased"])
    changed = {kind: set(released[kind]) ^ set(now[kind]) for kind in KINDS}
    return {
        kind: missing
        for kind, names in changed.items()
        if (missing := sorted(name for name in names if not is_told(name, words)))
    }


def test_what_changed_since_the_release_is_in_the_changelog() -> None:
    missing = untold(RELEASED, contract(), CHANGELOG)
    assert not missing, (
        "these names are part of the contract (docs/versioning.md) and changed since "
        f"{RELEASED['release']}: name each in `backticks` under [Unreleased] of CHANGELOG.md: {missing}"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_goes_or_comes_is_asked_for(kind: str) -> None:
    now = {name: list(values) for name, values in RELEASED.items() if name != "release"}
    assert now[kind], "a contract without names promises nothing"
    gone = now[kind][0]
    now[kind] = [*now[kind][1:], "a new one"]
    silent = "## [Unreleased]\n\n- Something else.\n"

    assert untold(RELEASED, now, silent) == {kind: sorted(["a new one", gone])}
    assert untold(RELEASED, now, f"{silent}- `{gone}` is now `a new one`.\n") == {}


def test_the_newest_release_of_the_changelog_is_the_contract_s_and_the_package_s() -> None:
    newest = next(name for name in sections(CHANGELOG) if name != "Unreleased")
    assert f'version = "{newest}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert RELEASED["release"] == newest


def test_every_command_with_json_says_what_its_keys_come_from() -> None:
    assert with_json() == set(SOURCES)
    for command, sources in SOURCES.items():
        assert sources, command
        for source in sources:
            assert keys(source), f"{command}: {source} has no keys"


def test_the_page_names_every_kind_of_promise() -> None:
    page = (ROOT / "docs" / "versioning.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"| `{kind}` |" in page


def test_settings_of_the_contract_are_those_of_the_page_of_settings() -> None:
    assert {entry.key for entry in entries(Settings)} == {name.partition(": ")[0] for name in contract()["settings"]}


def test_a_release_workflow_builds_what_its_page_says() -> None:
    text = Path(ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert "hatchling build" in text
    assert "actions/attest-build-provenance@" in text
