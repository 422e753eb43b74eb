"""What people write without quotes is what it says, or is refused; a mapping can take over another one."""

from datetime import date
from pathlib import Path

import pytest

from components.text import yaml12, yaml_exact
from flagops.commands.flags.catalogue.load import load, parse
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.catalogue.problems import CatalogueError
from flagops.commands.flags.catalogue.write import text_of
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.transfer.promote import promote
from flagops.errors import OpsError
from flagops.serving.engine.user import user

FILE = Path("c.yaml")
TEXTS = [
    *("NO", "no", "on", "off", "yes", "Y", "n", "IL", "22:30", "1:30:00", "2024-01-01", "2024-1-5", "12:30:45.5"),
    *("1.2.3", "2.10.0:semver", "a,b", "1e400", "0o8", "1_x", "+44 20", "0b2", "=", "1,000"),
]
NUMBERS = {"2.10": "2.1", "01356": "750", "08": "8", "12e3": "12000", "1_000": "1000", "0x1F": "31", "0o17": "15"}
NUMBERS |= {"+5": "5", ".5": "0.5", "5.": "5", "-0": "0", "123456789012345678901234567890": "1.2345678901234568e+29"}
ONLY_AS_TEXT = {"1.0": "1", "TRUE": "true", "False": "false"}
PLACES = {
    "a condition": (
        "segments:\n  s:\n    description: x\n    all: [{trait: t, operator: EQUAL, value: %s}]\nflags: {}\n",
        6,
    ),
    "a flag": ("flags:\n  f: {description: x, owner: x, kind: ops, enabled: true, value: %s}\n", 4),
    "a part of JSON": (
        "flags:\n  f: {description: x, owner: x, kind: ops, enabled: true,\n    value: {a: [b, %s]}}\n",
        5,
    ),
    "a flag that is called value": (
        "flags:\n  value: {description: x, owner: x, kind: ops, enabled: true, value: %s}\n",
        4,
    ),
    "an environment's": (
        "flags:\n  f: {description: x, owner: x, kind: ops, enabled: true, environments: {a: {value: %s}}}\n",
        4,
    ),
}


def catalogue(text: str) -> Catalogue:
    return parse(f"project: P\nenvironments: [a]\n{text}", FILE)[0]


def values(declared: Catalogue) -> list[object]:
    """All values that are sent to Flagsmith."""
    wanted = desired(declared)
    conditions = [rule.value for item in wanted.segments.values() for rule in item.rules.conditions]
    return [*conditions, *(state.value for flag in wanted.flags.values() for state in flag.states.values())]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_without_quotes_is_sent_as_it_is_written(text: str, place: str) -> None:
    head, _ = PLACES[place]
    if "," in text:
        head = head.replace("%s", "'%s'")
    (found, *_) = values(catalogue(head % text))
    assert found in (text, f'{{"a":["b","{text}"]}}')


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", NUMBERS)
def test_what_is_read_otherwise_than_it_is_written_is_refused_with_line_and_key(text: str, place: str) -> None:
    head, line = PLACES[place]
    with pytest.raises(CatalogueError) as caught:
        catalogue(head % text)
    (said,) = caught.value.message.splitlines()
    _, at, column, _ = said.split(":", 3)
    assert int(at) == line
    lines = f"project: P\nenvironments: [a]\n{head % text}".splitlines()
    assert lines[line - 1][int(column) - 1 :].startswith(("value", text))
    assert f"is '{text}' without quotes, which is read as {NUMBERS[text]}: write it in quotes" in said
    assert ".value" in said


@pytest.mark.parametrize("text", ONLY_AS_TEXT)
def test_what_becomes_a_text_again_is_refused_where_that_would_be_another_one(text: str) -> None:
    with pytest.raises(CatalogueError, match=f"read as {ONLY_AS_TEXT[text]}: write it in quotes"):
        catalogue(PLACES["a condition"][0] % text)
    assert values(catalogue(PLACES["a condition"][0] % f"'{text}'")) == [text]
    assert values(catalogue(PLACES["a part of JSON"][0] % text))


def test_numbers_that_mean_numbers_may_be_written_as_people_do() -> None:
    head = "flags:\n  f: {description: x, owner: x, kind: ops, enabled: false, rollout: %s}\n"
    for text, share in (("33.30", 33.3), ("1e1", 10.0), ("+5", 5.0), ("5.", 5.0)):
        rollout = catalogue(head % text).flags["f"].rollout
        assert rollout is not None
        assert rollout.everyone == share
    for text in ("010", "1_0", "0x10"):
        with pytest.raises(CatalogueError, match=f"is '{text}' without quotes"):
            catalogue(head % text)


def test_a_date_is_one_where_a_date_is_asked_for() -> None:
    head = "flags:\n  f: {description: x, owner: x, kind: ops, enabled: false, expires: 2027-6-5, value: 2027-6-5}\n"
    flag = catalogue(head).flags["f"]
    assert flag.expires == date(2027, 6, 5)
    assert flag.value == "2027-6-5"


@pytest.mark.parametrize("text", TEXTS)
def test_a_trait_on_the_command_line_is_read_as_a_catalogue_is(text: str) -> None:
    assert user("u", [f"t={text}"]).traits == {"t": text}
    assert type(user("u", [f"t={text}"]).traits["t"]) is str


@pytest.mark.parametrize("text", NUMBERS)
def test_a_trait_that_is_read_otherwise_than_it_is_written_is_refused(text: str) -> None:
    with pytest.raises(OpsError, match=f"which YAML reads as {NUMBERS[text].replace('+', '.')}"):
        user("u", [f"t={text}"])
    assert user("u", [f't="{text}"']).traits == {"t": text}


def test_whatever_is_written_for_people_is_read_as_the_same() -> None:
    given = [*TEXTS, *NUMBERS, *ONLY_AS_TEXT, "~", "null", ".inf", "true", "<<"]
    content = {"project": "P", "environments": ["a"], "segments": {}, "flags": {}}
    flag = {"description": "x", "owner": "x", "kind": "ops", "enabled": True}
    content["flags"] = {f"f{number}": {**flag, "value": text} for number, text in enumerate(given)}
    found = parse(text_of(content), FILE)[0]
    assert [item.value for item in found.flags.values()] == given


def test_mappings_take_over_others() -> None:
    text = """flags:
  first: &common {description: x, owner: web, kind: ops, enabled: true}
  second: {<<: *common, owner: api}
  third:
    owner: ml
    <<: [{kind: permission}, *common]
"""
    flags = catalogue(text).flags
    assert [(item.owner, item.kind.value) for item in flags.values()] == [
        ("web", "ops"),
        ("api", "ops"),
        ("ml", "permission"),
    ]


@pytest.mark.parametrize("given", ["5", "[*common, 5]", "text", "[[a]]"])
def test_what_is_no_mapping_cannot_be_taken_over(given: str) -> None:
    text = "flags:\n  first: &common {description: x, owner: w, kind: ops, enabled: true}\n  second:\n    <<: %s\n"
    with pytest.raises(CatalogueError) as caught:
        catalogue(text % given)
    (said,) = caught.value.message.splitlines()
    assert said == "c.yaml:6:9: flags.second.<<: takes over mappings, such as *name; this is none"


def test_a_mistake_in_what_is_taken_over_is_named_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "project: P\nenvironments: [a]\nflags:\n  first: &common {description: x, owner: w, kind: ops, enabled: 5}\n"
        "  second:\n    <<: *common\n    owner: web\n    kind: 5\n",
        encoding="utf-8",
    )
    with pytest.raises(CatalogueError) as caught:
        load(path)
    places = [line.removeprefix(str(path)).split(": is")[0] for line in caught.value.message.splitlines()]
    assert places == [":4:56: flags.first.enabled", ":4:56: flags.second.enabled", ":8:5: flags.second.kind"]


def test_a_quoted_key_of_two_signs_is_a_key() -> None:
    found = catalogue(PLACES["a flag"][0] % '{"<<": 5}').flags["f"].value
    assert found == {"<<": 5}


@pytest.mark.parametrize("text", ["25", "0", "-7", "33.3", "1.5", "true", "false", "null", "~", ".inf", "x"])
def test_what_is_written_as_it_is_kept_is_no_question(text: str) -> None:
    node = yaml12.compose(text)
    assert node is not None
    assert yaml_exact.read_as(node, is_exact=True, is_kept_as_text=True) is None


SHARED = """project: P
environments: [staging, production]
flags:
  one: &one
    description: x
    owner: w
    kind: ops
    enabled: false
    environments: &both
      staging: {enabled: true}
  two: {<<: *one, owner: v}
  three: {description: x, owner: w, kind: ops, enabled: false, environments: *both}
  four: {<<: *one, environments: {staging: {enabled: true, value: 22:30}}}
"""


@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_a_flag_is_not_promoted_with_others_that_share_its_lines(name: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(SHARED, encoding="utf-8")
    declared = load(path)[0]
    others = ", ".join(other for other in ("one", "two", "three") if other != name)
    with pytest.raises(OpsError, match=f"{name} cannot be promoted alone: .* for {others}."):
        promote(path, declared, "staging", "production", [name])


def test_flags_that_share_lines_are_promoted_together_and_one_that_has_its_own_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(SHARED, encoding="utf-8")
    declared = load(path)[0]
    alone = parse(promote(path, declared, "staging", "production", ["four"]).text, path)[0].flags
    assert alone["four"].environments["production"].value == "22:30"
    assert alone["one"] == declared.flags["one"]
    together = parse(promote(path, declared, "staging", "production").text, path)[0].flags
    assert all(flag.environments["production"] == flag.environments["staging"] for flag in together.values())
