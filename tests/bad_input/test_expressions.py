"""Which regular expressions are taken: plain ones are, those that a text can keep busy for ever are not."""

import contextlib
import json
import random
import subprocess
import sys
from re import _parser  # type: ignore[attr-defined]  # the reader has no public name since 3.11

import pytest

from components.settings.sections.tracing import LONGEST_URL
from components.text.regular import LONGEST, LONGEST_TEXT, look_at
from components.text.regular_cost import cost
from tests.bad_input.backtracking import Counting, EnoughError

parsed = _parser.parse

PLAIN = (
    r".*foo.*bar.*",
    r"^.*@example\.com$",
    r"^[a-z]+-\d+$",
    r"(foo|bar)+baz",
    r"^\d{4}-\d{2}-\d{2}$",
    r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$",
    r"^([a-z0-9_\.-]+)@([\da-z\.-]+)\.([a-z\.]{2,6})$",
    r"^[A-F0-9]{8}(-[A-F0-9]{4}){3}-[A-F0-9]{12}$",
    r"^(\d{1,3}\.){3}\d{1,3}$",
    r"^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$",
    r"^\+?[0-9 ()-]{7,20}$",
    r"^(de|at|ch|fr|uk)(-[A-Z]{2})?$",
    r"^\d+(,\d+)*$",
    r"^(\w+\s)*\w+$",
    r".*",
    r"",
    r"^https?://(www\.)?[a-z]+\.com/.*$",
    r"^(a|b|c)*$",
    r"(\d{4})+",
    r"^.*foo.*$",
    r"^.{1,50}$",
    r"^[^\s@]+@[^\s@]+\.[^\s@]+$",
    r"^[\w.%+-]+@[\w.-]+\.[A-Za-z]{2,}$",
    r"^([01]\d|2[0-3]):[0-5]\d$",
    r"^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z.-]+)?$",
    "|".join(f"user-{number}" for number in range(100)),
    "(" + "|".join(f"w{number}" for number in range(150)) + ")*",
    r"^\s*\w+\s*$",
    r"[^@]+@[^@]+\.(com|org|net)",
    r"(ab?c|de?f)+$",
    r"^Ä+[ö-ü]?$",
    # Numbers of IPv4, in the ways that people write them.
    r"^(?:(?:^|\.)(?:25[0-5]|2[0-4]\d|1?\d?\d)){4}$",
    r"^((25[0-5]|(2[0-4]|1\d|[1-9]|)\d)\.?\b){4}$",
    r"^(\d{1,3}\.?){4}$",
    r"^(?:\d{1,3}(?:\.|$)){4}$",
    r"^10(\.\d{1,3}){3}(/\d{1,2})?$",
    r"^([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}$",
    r"^([0-9A-Fa-f]{2}[:-]?){6}$",
    # Versions, identifiers, days, times, addresses.
    (
        r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
        r"(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$"
    ),
    r"^v?\d+(\.\d+){0,3}$",
    r"^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$",
    r"^https?://[^\s/$.?#][^\s]*$",
    r"^(https?://)?([\da-z.-]+)\.([a-z.]{2,6})([/\w .-]*)/?$",
    r"^(\w+)(\.\w+)*@(\w+)(\.\w+)*\.\w{2,}$",
    (
        r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
        r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$"
    ),
    r".+@example\.(com|org)",
    r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
    r"^#?([a-f0-9]{6}|[a-f0-9]{3})$",
    r"^(\+\d{1,3}[ -]?)?(\(\d{1,4}\)[ -]?)?\d{1,4}([ -]?\d{1,4}){1,4}$",
    r"^[A-Z]{2}\d{2}[ ]?([A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{1,4}$",
    r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    r"^eyJ[\w-]+\.[\w-]+\.[\w-]+$",
    r"^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$",
    r"^\d{1,3}(,\d{3})*(\.\d{2})?$",
    r"^Mozilla/5\.0 \(.*(iPhone|iPad).*\)",
    r"^(internal|beta)-.*-(eu|us)-.*$",
    # Repetitions that nothing follows cannot fail; long words between leave few ways.
    r".*.*.*.*.*",
    r".*some-long-words.*between-the-parts.*of-an-expression.*leave-few-ways.*",
)
ENDLESS = (
    r"(a+)+$",
    r"(a*)*b",
    r"(a|a)*$",
    r"(a|aa)+$",
    r"(.*a){12}",
    r"(\w+\s?)+$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(x+x+)+y",
    r"(\s|.)*x",
    r"a*a*a*a*a*b",
    "a?" * 30 + "a" * 30,
    r"(a{1,20}){1,20}$",
    r"(a?){30}a{30}",
    r"(a|b|ab)*c",
    r"((a+))+b",
    r"(?:a+)+b",
    r"(?i)(a|Aa)+$",
    r"([a-z]+|\w+)+!",
    r"(a+b?)+$",
    r"^(\d+|\d+,)*$",
    r"(?=(a+)+$)a",
    r"(x(a*)?)*y",
    r"(.?.?.?.?.?.?.?.?.?.?.?.?)*x",
    r"([^,]*,?)*;",
    r"(?:(?:a|b)*)*c",
    r"(a+){10}$",
    r"^(.*,){11}P",
    r"(\d|\d\d)+$",
    r"(a+?)+?$",
    r"(a|[^b])+$",
    r"(é+|\w)+$",
    r"(?:.|\n|\s)+x",
    r".*.*.*.*.*x",
    r".*a.*b.*c.*d.*e",
    r".*foo.*bar.*baz.*qux.*",
    r"^\s*(.*?)\s*$",
    r"(a+){4}$",
    r"^(?:[a-z]{1,60}-?){1,5}$",
    r"(a?|b?){30}c",
    r"^(a?|b?){30}$",
    r"(?:(?!.*foo.*bar.*baz).)*!",
    r"^(.+)@(.+)\.(.+)$",
    # What looks ahead or behind, and reads nothing, makes nothing else end.
    r"^(a+)+(?!$)$",
    r"(a|a)*(?=^)b",
    r"^(\w+\s?)+(?<=^)!",
    # It can be repeated, which reads nothing either, in a way of its own.
    r"^(a(?!b)*)*$",
    r"^(a(?!b)+)*$",
    r"^(a(\B)*)*$",
    r"^(a(?:(?!b)*|c))*$",
)
SECONDS = 1
"""Of CPU, for what is taken to read the longest text that should not match: most take microseconds."""


@pytest.mark.parametrize("pattern", PLAIN)
def test_a_plain_expression_is_taken(pattern: str) -> None:
    found = look_at(pattern)
    assert (found.error, found.warning) == (None, None)


@pytest.mark.parametrize("pattern", ENDLESS)
def test_one_that_a_text_keeps_busy_is_not(pattern: str) -> None:
    assert "for some texts" in str(look_at(pattern).error)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"^.*foo.*bar.*$", "takes long for some long texts"),
        (r".*foo.*bar.*baz.*", "takes long for some long texts"),
        (r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$", "Go and Rust do not know"),
        (r"^(?=.*\d).{8,}$", "Go and Rust do not know"),
        (r"(?i)premium", "JavaScript does not know"),
        (r"\Apremium\Z", "JavaScript does not know"),
        (r"a++b", "only some languages know"),
    ],
)
def test_one_that_is_slow_or_other_elsewhere_is_warned_of(pattern: str, words: str) -> None:
    found = look_at(pattern)
    assert found.error is None
    assert words in str(found.warning)


def test_an_expression_is_judged_as_it_is_used() -> None:
    """Looked for anywhere, in a longer text, it has one more way to begin at each character."""
    pattern = "a.*b.*c!"
    assert look_at(pattern).error is None
    assert "for some texts" in str(look_at(pattern, longest=LONGEST_URL, is_searched=True).error)
    for path in ("health/liveness", r"/api/v\d+/flags/.*", r"\.(css|js|png)$"):
        assert look_at(path, longest=LONGEST_URL, is_searched=True).error is None


TOO_MUCH = ("(" * 495, "(" * 499 + ")" * 499, "a{90}" * 199, "[" * LONGEST, "x" * (LONGEST + 1))


@pytest.mark.parametrize("pattern", TOO_MUCH)
def test_what_is_too_much_is_refused_and_not_looked_at_for_ever(pattern: str) -> None:
    assert look_at(pattern).error


def _part(chance: random.Random, depth: int) -> str:
    """A part of an expression, at random: of few letters, so that its parts often begin alike."""
    kind = chance.choice("lllsgrrok") if depth else chance.choice("ls")
    if kind == "l":
        return chance.choice("aab")
    if kind == "s":
        return chance.choice([".", "[ab]", "[^a]", r"\w"])
    if kind == "g":
        return "".join(_part(chance, depth - 1) for _ in range(chance.randint(1, 3)))
    if kind == "r":
        times = chance.choice(["*", "+", "?", "{2}", "{1,3}", "{0,9}", "{4}", "*?", "{3,}"])
        return f"(?:{_part(chance, depth - 1)}){times}"
    if kind == "k":
        behind = chance.choice(["(?<=", "(?<!"])
        return f"{behind}{_part(chance, 0)})" if chance.random() < 0.3 else _ahead(chance, depth)
    return f"({_part(chance, depth - 1)}|{_part(chance, depth - 1)})"


def _ahead(chance: random.Random, depth: int) -> str:
    """A look ahead at parts, which may repeat and look ahead themselves; some of them are repeated."""
    inner = "".join(_part(chance, depth - 1) for _ in range(chance.randint(1, 2)))
    end = chance.choice(["", "", "$"])
    return f"{chance.choice(['(?=', '(?!'])}{inner}{end}){chance.choice(['', '', '', '*'])}"


RUN = """
import re, sys, json, resource
resource.setrlimit(resource.RLIMIT_CPU, (600, 600))
for pattern, text in json.load(sys.stdin):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    print(pattern, flush=True)
    re.compile(pattern).match(text)
    if resource.getrusage(resource.RUSAGE_SELF).ru_utime - before > {seconds}:
        raise SystemExit(f"{{pattern}} is slow on {{text!r}}")
"""


def test_a_look_that_reads_nothing_lets_nothing_slow_through() -> None:
    """Wherever it stands, what never ends without it is refused with it too."""
    for pattern in ENDLESS:
        for look in ("(?=$)", "(?!$)", "(?=^)", "(?!^)", r"(?!\b)", "(?=)"):
            assert look_at(f"(?:{pattern}){look}x").error, (pattern, look)


def _generated(count: int) -> list[str]:
    chance = random.Random(5)  # noqa: S311 - to be the same in each run
    return sorted({"".join(_part(chance, 3) for _ in range(chance.randint(1, 4))) + "$" for _ in range(count)})


def test_generated_expressions_that_are_taken_end() -> None:
    """Expressions at random: those that are taken are run on texts that nearly match, some on the longest too."""
    patterns = _generated(1500)
    taken = [pattern for pattern in patterns if look_at(pattern).error is None]
    assert len(taken) > 300
    assert len(patterns) - len(taken) > 100
    assert sum("(?=" in pattern or "(?!" in pattern for pattern in taken) > 100, "looks ahead"
    texts = ["a" * 60 + "!", "b" * 60 + "!", "ab" * 30 + "!", "aab" * 20 + "\n", "ba" * 30 + "c\n"]
    half = LONGEST_TEXT // 2
    longest = ["a" * half + "b" * half + "!", "b" * half + "a" * half + "!", "ab" * half + "!", "a" * 2 * half + "\n\n"]
    asked = json.dumps(
        [(pattern, text) for pattern in taken for text in texts]
        + [(pattern, text) for pattern in taken[::5] for text in longest]
    )
    program = RUN.format(seconds=SECONDS)
    done = subprocess.run([sys.executable, "-c", program], input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout[-200:], done.stderr[-500:])


LENGTH = 24
MOST_READS = 4_000


def test_no_text_costs_much_more_than_is_counted() -> None:
    """What a matcher reads, step by step, of generated expressions and texts, against the count for that length."""
    chance = random.Random(7)  # noqa: S311 - to be the same in each run
    seen = 0
    for pattern in _generated(400):
        counted = cost(parsed(pattern), 0, LENGTH).visits
        for _ in range(4):
            block = "".join(chance.choice("aab") for _ in range(chance.randint(1, 4)))
            other = "".join(chance.choice("abb") for _ in range(chance.randint(1, 3)))
            text = ((block * LENGTH)[: chance.randint(0, LENGTH)] + other * LENGTH)[: LENGTH - 1] + "!"
            matcher = Counting(text, MOST_READS)
            with contextlib.suppress(EnoughError):
                if matcher.match(pattern):
                    continue
            seen += matcher.reads > LENGTH
            assert matcher.reads <= 3 * counted + 3 * LENGTH, (pattern, text)
    assert seen > 100, "texts that leave several ways"
