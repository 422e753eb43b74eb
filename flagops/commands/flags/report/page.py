"""The page of a project's flags as HTML: one file that asks for nothing else."""

from pathlib import Path

from flagops.commands.flags.report.report import FlagsPage

TEMPLATES = Path(__file__).parent
MARK = "ff flags report"


def html(made: FlagsPage) -> str:
    """The page, in one file that asks for nothing else."""
    # Only a template needs it.
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("report.html.j2").render(report=made, mark=MARK)
