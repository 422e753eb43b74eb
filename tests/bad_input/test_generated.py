"""Files made at random: right ones in which a few places hold something else. Each is answered, whatever it is."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bad_input.asking import Asking
from tests.bad_input.texts import HEAD, STACK, put_stack

EACH = 100
ESCAPES = ("\\0", "\\e[2J", "\\ud800", "\\x7f", "\\u202e", "\\n", "\\u2028")
NODES = ("&a [*a]", "*a", "&a {b: *a}", "<<", "{<<: *a}", "&a", "!!int x", "!odd 1", "!!binary ?", "!!timestamp 1")
SCALARS = ("~", "null", "''", ".nan", ".inf", "-.inf", "true", "1e400", "2026-99-99", "? a", "- a", "|", ">")
RIGHT_CATALOGUE = (
    HEAD
    + """segments:
  beta:
    description: The beta.
    all:
      - {trait: plan, operator: IN, value: "free,pro"}
      - {trait: age, operator: MODULO, value: "2|0"}
      - {trait: mail, operator: REGEX, value: ".*@example.com"}
      - {trait: version, operator: GREATER_THAN, value: "1.2.3:semver"}
      - {operator: PERCENTAGE_SPLIT, value: 50}
flags:
  banner:
    description: A banner.
    owner: web
    kind: experiment
    expires: 2030-01-01
    enabled: false
    tags: [web, search]
    variations:
      - {name: one, value: 1, weight: 50}
      - {name: two, value: 2, weight: 50}
    environments:
      staging: {enabled: true, weights: {one: 10, two: 90}}
      production: {rollout: {everyone: 5, segments: {beta: 50}}}
access:
  groups:
    web: {role: developer, members: [ann@example.com]}
keys:
  - {environment: staging, namespace: web, server_side: true}
"""
)
RIGHT_STACK = (
    STACK
    + """  feature-flags:replicas: 3
  feature-flags:resources:
    requests: {cpu: 500m, memory: 1Gi}
    limits: {cpu: 2, memory: 2Gi}
  feature-flags:postgres:
    storage: {size: 20Gi}
  feature-flags:env:
    NAME: value
"""
)


def hostile(chance: random.Random) -> str:
    """Something that does not belong where it is put."""
    count = chance.choice([1, 3, 50, 1000, 5000])
    made: list[Callable[[], str]] = [
        lambda: "[" * count + chance.choice(["", "]" * count]),
        lambda: "{a: " * count + chance.choice(["", "1" + "}" * count]),
        lambda: "9" * count + chance.choice(["", "Ei", "m", ".5", "e9", "e999", "_0"]),
        lambda: "-" + "9" * count,
        lambda: "0x" + "f" * count,
        lambda: f'"{chance.choice(ESCAPES) * min(count, 50)}"',
        lambda: chance.choice(["\0", "\x1b", "\x07", "\u202e", "\ufeff", "\ufffe", "\u2028", "\x85"]) * min(count, 3),
        lambda: chance.choice(NODES),
        lambda: chance.choice(SCALARS),
        lambda: chance.choice(["\U0001f600", "é", "x"]) * count,
        lambda: chance.choice(["(a+)+$", "(", r"\p{L}", "0|0", "1:semver", "[]", "[1, [2]]", "a{99999999}"]),
        lambda: "\n" * min(count, 50) + " " * chance.randint(0, 9) + "x: y",
        lambda: "\n---\n",
        lambda: "'" + '{"a":' * count + "'",
        lambda: "[" + "x, " * count + "]",
        lambda: "{" + ", ".join(f"k{number}: {number}" for number in range(count)) + "}",
    ]
    return chance.choice(made)()


def changed(text: str, chance: random.Random) -> bytes:
    """A text with one to three places that hold something else."""
    for _ in range(chance.randint(1, 3)):
        words = [place for place, letter in enumerate(text) if letter in " :[{,\n"]
        start = chance.choice(words) + 1
        ends = [place for place in range(start, min(start + 60, len(text))) if text[place] in "]},\n:"]
        end = chance.choice([start, chance.choice(ends or [start])])
        text = text[:start] + hostile(chance) + text[end:]
    content = text.encode("utf-8", errors="surrogatepass")
    if chance.random() < 0.05:
        place = chance.randrange(len(content))
        content = content[:place] + bytes([chance.randrange(256)]) + content[place:]
    return content


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_catalogues_are_answered(seed: int, ask: Asking, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be the same in each run
    jobs: list[dict[str, Any]] = []
    for number in range(EACH):
        path = tmp_path / f"c{number}.yaml"
        path.write_bytes(changed(RIGHT_CATALOGUE, chance))
        jobs.append({"ff": ["flags", "validate", str(path)]})
    answers = ask(jobs)
    for answer in answers:
        answer.hold()
    refused = [answer for answer in answers if answer.code]
    assert len(refused) > EACH / 2, "most of what is made is wrong"
    assert all(str(tmp_path) in answer.said for answer in refused)


@pytest.mark.parametrize("seed", [3, 4])
def test_generated_stacks_are_answered(seed: int, ask: Asking, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be the same in each run
    jobs: list[dict[str, Any]] = []
    for number in range(EACH):
        root = tmp_path / f"s{number}"
        put_stack(root, changed(RIGHT_STACK, chance))
        jobs.append({"read": "stack", "path": str(root)})
    answers = ask(jobs)
    for answer in answers:
        answer.hold()
    assert sum(answer.code for answer in answers) > EACH / 2, "most of what is made is wrong"


def test_what_they_are_made_of_is_right(ask: Asking, tmp_path: Path) -> None:
    put_stack(tmp_path, RIGHT_STACK)
    (tmp_path / "catalogue.yaml").write_text(RIGHT_CATALOGUE, encoding="utf-8")
    right: list[dict[str, Any]] = [
        {"read": "stack", "path": str(tmp_path)},
        {"ff": ["flags", "validate", str(tmp_path / "catalogue.yaml"), "--strict"]},
    ]
    assert [answer.code for answer in ask(right)] == [0, 0]


def test_five_thousand_flags_are_read_as_quickly(ask: Asking, tmp_path: Path) -> None:
    flags = "".join(
        f"  flag_number_{number}:\n    description: What the flag number {number} switches, in a sentence.\n"
        f"    owner: web\n    kind: ops\n    enabled: true\n    value: value {number}\n    tags: [web, search]\n"
        "    targeting:\n      - {segment: beta, enabled: false}\n    environments:\n"
        "      staging: {enabled: true}\n      production: {enabled: false}\n\n"
        for number in range(5000)
    )
    head = "segments:\n  beta:\n    description: The beta.\n    all:\n      - {trait: beta, operator: IS_SET}\nflags:\n"
    path = tmp_path / "catalogue.yaml"
    path.write_text(HEAD + head + flags, encoding="utf-8")
    for answer in ask([{"ff": ["flags", "validate", str(path)]}, {"read": "desired", "path": str(path)}]):
        answer.hold()
        assert answer.code == 0, answer.said
