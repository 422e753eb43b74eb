"""The files of a project: the templates beside this file, filled in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jinja2

from components.text.yaml_written import dumped
from flagops.commands.init import lock
from flagops.commands.init.answers import Answers
from flagops.commands.init.choices import Pipeline, Template
from flagops.commands.init.source import REPOSITORY, VENDOR, PlatformSource, content

DOCS: Final = f"{REPOSITORY}/blob/main/docs"
"""Without the release: an address that each release changes would make each stack's file a changed one."""
TEMPLATES: Final = Path(__file__).with_name("templates")
ENDING: Final = ".j2"
DOT: Final = "dot_"
"""How a name begins that has a dot in the project: tools would take it for this repository's own."""
STACKS: Final = ("staging", "production")
"""What stands in a template's name for a stack's, which a team's name goes before."""
Files = dict[str, bytes]


def files(answers: Answers, source: PlatformSource) -> Files:
    """What a project has, by the path in it, sorted."""
    environment = jinja2.Environment(  # noqa: S701 - it makes YAML, Markdown and Python, no HTML
        loader=jinja2.FileSystemLoader(TEMPLATES),
        # Workflows are full of the usual signs.
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["yaml"] = _yaml
    values = {
        "a": answers,
        "requirement": source.requirement,
        "docs": DOCS,
        "hashed": lock.HASHED,
        "versions": lock.VERSIONS,
        "pulumi": lock.version_of(lock.PULUMI),
    }
    made = {
        _name(path, answers): environment.get_template(f"{part}/{path.as_posix()}").render(values).encode()
        for part in _parts(answers)
        for path in _below(TEMPLATES / part)
    }
    made |= lock.files()
    if source.wheel is not None:
        made[f"{VENDOR}/{source.wheel.name}"] = content(source.wheel)
    return dict(sorted(made.items()))


def _parts(answers: Answers) -> Iterator[str]:
    pipeline = () if answers.ci is Pipeline.NONE else (answers.ci.value,)
    for part in ("project", *pipeline):
        yield f"{part}/{Template.MINIMAL.value}"
        if answers.template is Template.FULL:
            yield f"{part}/{Template.FULL.value}"


def _below(directory: Path) -> list[Path]:
    return sorted(path.relative_to(directory) for path in directory.rglob(f"*{ENDING}"))


def _name(path: Path, answers: Answers) -> str:
    parts = [f".{part.removeprefix(DOT)}" if part.startswith(DOT) else part for part in path.parts]
    name = "/".join(parts).removesuffix(ENDING)
    for stack in STACKS:
        name = name.replace(f"Pulumi.{stack}.", f"Pulumi.{getattr(answers, stack)}.")
    return name


def _yaml(value: Any) -> str:
    """A value as it stands in YAML, on one line, in quotes where it needs them."""
    text = dumped(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("...\n").strip()
