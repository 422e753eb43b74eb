"""Projects that tests make, and what commands say of them."""

import sys
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from flagops.project import FILE, NAME

Run = Callable[..., Result]
FF = Path(sys.executable).with_name("ff")
OURS = f"name: {NAME}\nruntime:\n  name: python\n"
STACK = "config:\n  host: flags.example.com\n  context: {context}\n  ingress: {{enabled: false}}\n"


def made(place: Path, text: str = OURS, *stacks: str) -> Path:
    """A folder with this Pulumi.yaml, and stacks of these names."""
    place.mkdir(parents=True, exist_ok=True)
    (place / FILE).write_text(text, encoding="utf-8")
    for name in stacks:
        (place / f"Pulumi.{name}.yaml").write_text(STACK.format(context=name), encoding="utf-8")
    return place


def stacks_of(run: Run, *options: str) -> str:
    """The stacks that a command says it knows."""
    result = run(*options, "render", "--stack", "nowhere", "--out", "never")
    assert result.exit_code == 1
    assert "There is no stack 'nowhere'" in result.stderr, result.stderr
    return result.stderr.strip().rpartition("the stacks here are: ")[2].rstrip(".")


def refused(run: Run, *words: str) -> str:
    """The one message of a command that does not find its project."""
    result = run(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("Error: ") == 1
    assert len(result.stderr.strip().splitlines()) == 2, result.stderr
    return result.stderr
