"""Whatever `ff` prints for people to type can be typed as it stands: what can hold a space is quoted."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest

from flagops.stacks.deployed import Instance
from tests.recording import ROOT

PROGRAMS = "ff|kubectl|pulumi|kind|docker|git|make|export|cd|psql|helm"
MARK = "\x00{}\x00"
# From a program's name to the end of its line: a backtick, a bracket, three spaces, or what ends a clause.
LINE = re.compile(
    rf"(?:^|(?<=[`\s(:]))(?:(?:{PROGRAMS}) (?!cannot |did |has: |make |the |room)"
    rf"[-a-zK\x00][^`\n]*?|\x00\d+k\x00[^`\n]*?)"
    r"(?=`|\n|   |; |, |\. |\.$|\)|$)"
)
# What cannot hold anything that a shell reads: the names that Kubernetes, Pulumi and this project allow, and numbers.
PLAIN = re.compile(
    r"(?:^|\.|_)(?:stack|name|namespace|component|number|version|release|before|wanted|major|kind|type|what)$"
    r"|^(?:labels|selector|primary|to|(?:self\.)?target|move\.beside)$"
    r"|\['name'\]$|\.get\('currentPrimary'\)$|^names\.[A-Z_]+$|^[A-Z_]+$|^(?:self|instance)\.made_by$"
    r"|^(?:secret_name\(instance\)|_name\(instance\)|made_by|last\.backup|_ways_in\(examination\))$"
    r"|kind\.lower\(\)$|^_full\(api_version, kind\)$"
    r"|^where$|^base$|^prefix$|^self\.host$|^arguments\[0\]$|^command\[0\]$|arguments\[:2\]\)$|join\(command\)$"
)
QUOTED = re.compile(
    r"^(?:shlex\.|_)?quoted?\(|^self\._typed\(|\.kubectl|^_kubectl\(|^(?:command|program|namespace|path)$"
)


def _texts() -> Iterator[tuple[Path, int, str, list[str]]]:
    """Each text that is put together: with a mark for what is put in, and what that is."""
    for top in ("components", "flagops"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if "in_pod" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    put_in = [ast.unparse(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
                    yield path, node.lineno, _marked(node, put_in), put_in


def _marked(node: ast.JoinedStr, put_in: list[str]) -> str:
    text, count = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            starts = ".kubectl" in put_in[count] or put_in[count].startswith("_kubectl(")
            text += MARK.format(f"{count}k" if starts else count)
            count += 1
    return text


def unquoted(text: str, put_in: list[str], *, of_flags: bool = False) -> list[str]:
    """What stands in a line to type as it is, and could hold something that a shell reads.

    Names of flags, segments and environments may have spaces in them.
    """
    places = [int(place.rstrip("k")) for line in LINE.findall(text) for place in re.findall(r"\x00(\d+k?)\x00", line)]
    return [
        put_in[place]
        for place in places
        if not QUOTED.search(put_in[place])
        and ((of_flags and put_in[place] == "name") or not PLAIN.search(put_in[place]))
    ]


def test_what_can_hold_a_space_is_quoted_in_every_line_to_type() -> None:
    lines = [
        (path, number, unquoted(text, put_in, of_flags="flags" in path.parts))
        for path, number, text, put_in in _texts()
    ]
    assert len(lines) > 500, "it reads nothing"
    found = [f"{path.relative_to(ROOT)}:{number}: {', '.join(said)}" for path, number, said in lines if said]
    assert found == [], "quote it with shlex.quote, or say in PLAIN why it needs none"


@pytest.mark.parametrize(
    ("text", "put_in", "said"),
    [
        ("export KUBECONFIG=\x000\x00", ["cluster.kubeconfig"], ["cluster.kubeconfig"]),
        ("To use it: export KUBECONFIG=\x000\x00", ["quote(str(path))"], []),
        ("`ff flags apply \x000\x00`", ["catalogue"], ["catalogue"]),
        ("Run `ff up --stack \x000\x00`.", ["stack"], []),
        ("\x000k\x00 logs \x001\x00", ["instance.kubectl", "given"], ["given"]),
        ("There is no file \x000\x00", ["path"], []),
    ],
)
def test_the_search_finds_what_it_is_for(text: str, put_in: list[str], said: list[str]) -> None:
    assert unquoted(text, put_in) == said


def test_a_line_for_kubectl_survives_a_home_and_a_context_with_spaces() -> None:
    place = Path("/Users/anna/Library/Application Support/feature-flags/kubeconfig")
    instance = Mock(spec=Instance, kubeconfig=place, context="my cluster", namespace="flags")
    instance.kubectl_anywhere = Instance.kubectl_anywhere.fget(instance)  # type: ignore[attr-defined]
    line = Instance.kubectl.fget(instance)  # type: ignore[attr-defined]
    assert shlex.split(line) == ["kubectl", "--kubeconfig", str(place), "--context", "my cluster", "-n", "flags"]
