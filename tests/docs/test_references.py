"""What the documentation names is there: pages and their headings, commands with their options, files."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from flagops.terminal.by_name import Words
from tests.commands import FF
from tests.recording import ROOT

# What is over keeps its names: the changelog of what was released.
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*.md")} - {ROOT / "CHANGELOG.md"})
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
# Made on your machine, by the page's own commands, and so not in git.
MADE = re.compile(r"policies/\.venv|flagops/_program|.*[<>*…{}].*")
END_OF_COMMAND = re.compile(r"\s(\||>|>>|&&|;|#)\s|\s+#|\s{3,}|`|\n|\)")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def without_code(page: str) -> str:
    return re.sub(r"^( *)```.*?^\1```", "", page, flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings, and those that are written down."""
    plain = without_code(page.read_text(encoding="utf-8"))
    found: dict[str, int] = {}
    made = set(re.findall(r'<a id="([^"]+)">', plain))
    for heading in re.findall(r"^#+ +(.+?) *$", plain, re.MULTILINE):
        words = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        seen = found.get(anchor, 0)
        found[anchor] = seen + 1
        made.add(f"{anchor}-{seen}" if seen else anchor)
    return made


def links(name: str) -> Iterator[str]:
    plain = re.sub(r"`[^`\n]*`", "", without_code(text(name)))
    yield from re.findall(r"\]\(([^)\s]+)\)", plain)
    yield from re.findall(r'(?:src|href)="([^"]+)"', plain)


def is_elsewhere(link: str) -> bool:
    return re.match(r"[a-z]+:", link) is not None


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_file_and_a_heading(name: str) -> None:
    wrong = []
    for link in links(name):
        if is_elsewhere(link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    assert wrong == []


def test_links_and_anchors_of_a_page_are_found() -> None:
    inner = [link.partition("#") for link in links("SECURITY.md") if not is_elsewhere(link)]
    files = [path for path, _, _ in inner if path]
    assert len(files) > 5
    assert [path for path in files if not (ROOT / path).is_file()] == []
    assert any(path.startswith("docs/") and anchor for path, _, anchor in inner)


# Commands.

PLACEHOLDER = re.compile(r"\{[^{}]*\}")  # of an f-string


def written(page: str) -> Iterator[str]:
    """Every `ff …` of a text, in sentences and in blocks of console."""
    for start in re.finditer(
        r"(?:`|^ *(?:\$ )?(?:[A-Z_]+=\S+ )*|\| )(?:kubectl flagsmith|ff) (?=[a-z-])", page, re.MULTILINE
    ):
        rest = page[start.end() :]
        end = END_OF_COMMAND.search(rest)
        yield re.sub(r"\\\n", " ", rest[: end.start()] if end else rest)


def fault(line: str) -> str | None:
    """What of a command does not exist; None if all does."""
    command: Any = FF
    words = line.split()
    before = {name for item in FF.params for name in item.opts}
    while words and words[0].startswith("--") and words[0] not in ("--help", "--version"):
        option, has_value, _ = words[0].partition("=")
        if option not in before:
            return f"ff {line}: there is no option {option} before the command"
        words = words[1 if has_value else 2 :]
    while words and isinstance(command, Words):
        word = words[0].strip(",.:")
        if word in ("…", "--help", "--version"):
            return None
        if word not in command.commands:
            return f"ff {line}: there is no command {word!r}"
        _, command, words = command.resolve_command(typer.Context(command), [word, *words[1:]])
    known = {"--help", *(name for item in command.params for name in (*item.opts, *item.secondary_opts))}
    for word in words:
        if word == "--":
            return None
        option = word.strip("[],.:;").partition("=")[0]
        if option.startswith("-") and option != "-" and option not in known:
            return f"ff {line}: there is no option {option}"
    return None


def faults(page: str) -> list[str]:
    return [found for line in written(page) if (found := fault(line))]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_of_a_page_exists_with_its_options(name: str) -> None:
    assert faults(text(name)) == []


def test_every_command_that_a_message_names_exists_with_its_options() -> None:
    sources = [path for house in ("components", "flagops", "policies") for path in (ROOT / house).rglob("*.py")]
    assert len(sources) > 100
    wrong = {
        str(path.relative_to(ROOT)): found
        for path in sources
        if ".venv" not in path.parts and (found := faults(PLACEHOLDER.sub("", path.read_text(encoding="utf-8"))))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "wrong",
    [
        "ff flag plan",
        "ff up --stak x",
        "ff flags plan --force",
        "ff db psql --root -- -c x",
        "ff --projekt x up",
        "ff --project x upp",
        "ff --project=x up --stak y",
    ],
)
def test_a_command_that_does_not_exist_is_found(wrong: str) -> None:
    assert len(faults(f"Type `{wrong}` now.")) == 1
    assert len(faults(f"```console\n$ {wrong}\n```\n")) == 1


# Files.


def tracked() -> set[str]:
    """Every file in git, and every directory that has one."""
    done = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = set(done.stdout.splitlines())
    return files | {str(parent) for name in files for parent in Path(name).parents}


def named_files(name: str, top: set[str]) -> Iterator[str]:
    """What a page calls by the path of a file or directory of this project."""
    for word in re.findall(r"`([\w.<>*…{}/-]+)`", without_code(text(name))):
        first = word.split("/")[0]
        if ("/" in word and first in top) or re.fullmatch(r"[\w-]+\.(md|py|sql|sh)", word):
            yield word.rstrip("/")


@pytest.mark.parametrize("name", NAMES)
def test_every_file_that_a_page_names_exists(name: str) -> None:
    there = tracked()
    top = {path for path in there if "/" not in path} - {"."}
    bare = {Path(path).name for path in there}
    wrong = [
        word
        for word in named_files(name, top)
        if not MADE.fullmatch(word) and word not in there and ("/" in word or word not in bare)
    ]
    assert wrong == []
