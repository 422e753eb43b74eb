"""Projects that `ff init` makes for the tests."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Run = Callable[..., Result]
NEEDED = ("--host", "flags.example.com", "--context", "my-cluster", "--controller", "traefik")
SOURCE = "feature-flags @ git+https://github.com/footanalytics/feature-flags@v0.1.0"

MINIMAL = {
    ".ff-init.yaml",
    ".github/actions/log-in/action.yml",
    ".github/actions/setup/action.yml",
    ".github/workflows/deploy-stack.yml",
    ".github/workflows/deploy.yml",
    ".github/workflows/pull-request.yml",
    ".gitignore",
    "Pulumi.local.yaml",
    "Pulumi.production.yaml",
    "Pulumi.staging.yaml",
    "Pulumi.yaml",
    "README.md",
    "__main__.py",
    "constraints.txt",
    "flags/catalogue.yaml",
    "requirements.lock",
    "requirements.txt",
}


def made(run: Run, place: Path, *options: str, code: int = 0) -> Result:
    """Make a project; the options win over what is needed anyway."""
    result = run("init", str(place), *NEEDED, *options)
    assert result.exit_code == code, result.stderr
    return result


def content(place: Path) -> dict[str, str]:
    """Each file of a folder with a digest."""
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }
