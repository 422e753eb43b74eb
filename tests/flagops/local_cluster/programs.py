"""Stand-ins for programs: small shell scripts."""

from pathlib import Path


def make_program(directory: Path, name: str, script: str) -> Path:
    """Make an executable shell script."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def make_versioned(directory: Path, name: str, version: str) -> Path:
    """Make a program that answers `--version`, as those of the control plane do."""
    return make_program(directory, name, f'echo "{name} version {version}"')
