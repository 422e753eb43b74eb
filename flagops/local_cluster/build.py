"""Builds the cluster's programs from the Go modules pinned under tools/."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from flagops.errors import ToolError
from flagops.local_cluster import pins
from flagops.local_cluster.processes import LOG_LINES

OLDEST_GO: Final = (1, 21)
"""Since this version Go fetches the toolchain that a go.mod asks for by itself."""

NOTE_SECONDS: Final = 60.0
"""How often a line tells that a build goes on, where no live display is possible."""

TEMPORARY: Final = ".build-"
"""How names of directories begin in which a build goes on; what a killed build left is removed by the next."""

DURATION: Final = {"kubernetes": "about 9 minutes", "etcd": "1 to 2 minutes", "kwok": "1 to 2 minutes"}
"""Measured on 2 cores with an empty build cache."""

NO_DEBUG_INFORMATION: Final = "-gcflags=all=-dwarf=false"
"""The linker leaves DWARF out (`-w`), so the compiler need not make it: a tenth of its work (benchmarks/RESULTS.md)."""


class GoMissingError(ToolError):
    """A program must be built, and there is no Go that can."""


def build(source: pins.GoModule, programs: list[str], directory: Path, console: Console) -> None:
    """Build programs of one source into a directory, each appearing there only when it is whole.

    Args:
        source: Where they come from.
        programs: Their names.
        directory: An existing directory, which the caller has locked.
        console: Where progress goes.

    Raises:
        GoMissingError: Go is missing or too old.
        OpsError: The build failed.
    """
    go = _go(source, programs)
    names = ", ".join(programs)
    duration = DURATION.get(source.directory, "a few minutes")
    console.print(f"Building {names} {pins.version(source)} from source; {duration} the first time, then never again.")
    begun = time.monotonic()
    for abandoned in directory.glob(f"{TEMPORARY}*"):
        shutil.rmtree(abandoned)
    with tempfile.TemporaryDirectory(dir=directory, prefix=TEMPORARY) as temporary:
        command = [
            *(go, "build", "-trimpath", NO_DEBUG_INFORMATION, "-ldflags", _linker_flags(source)),
            *("-o", f"{temporary}{os.sep}"),
            *(source.packages[name] for name in programs),
        ]
        _run(command, source, names, console)
        for name in programs:
            # The package that is a module's root is built under the name of the directory: v3, not etcd.
            built = Path(temporary) / _output_name(source.packages[name])
            built.replace(directory / name)
    console.print(f"Built {names} in {time.monotonic() - begun:.0f} s.")


def _run(command: list[str], source: pins.GoModule, names: str, console: Console) -> None:
    with (
        tempfile.TemporaryFile("w+", errors="replace") as output,
        Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
        ) as progress,
        subprocess.Popen(  # noqa: S603
            command, cwd=pins.directory(source), env=_environment(), stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        progress.add_task(f"building {names}", total=None)
        begun = time.monotonic()
        try:
            while process.poll() is None:
                try:
                    process.wait(NOTE_SECONDS)
                except subprocess.TimeoutExpired:
                    if not console.is_terminal:
                        console.print(f"  still building {names} ({(time.monotonic() - begun) / 60:.0f} min)")
        except BaseException:
            process.terminate()
            raise
        output.seek(0)
        lines = output.read().strip().splitlines()
    if process.returncode:
        raise ToolError(
            f"Building {names} failed with exit code {process.returncode}:\n" + "\n".join(lines[-LOG_LINES:]),
            hint="The first build fetches Go modules: check that Go can (`go env GOPROXY`), then run this again.",
        )


def _go(source: pins.GoModule, programs: list[str]) -> str:
    """Path of a Go that can build the source.

    Raises:
        GoMissingError: There is none; the hint names all ways out.
    """
    needed = pins.go_version(source)
    hint = (
        f"Install Go {needed} or newer and run this again; or put {', '.join(programs)} of version "
        f"{pins.version(source)} into a directory and set KUBEBUILDER_ASSETS to it"
    ) + ("; or start Docker, and kind is used instead." if source in pins.CONTROL_PLANE else ".")
    go = shutil.which("go")
    if go is None:
        raise GoMissingError(
            f"{', '.join(programs)} must be built once, and that takes Go, which is not on PATH.", hint=hint
        )
    result = subprocess.run(  # noqa: S603
        [go, "env", "GOVERSION"], capture_output=True, text=True, check=False, env=os.environ | {"GOTOOLCHAIN": "local"}
    )
    found = re.search(r"go(\d+)\.(\d+)", result.stdout)
    if not found or (int(found[1]), int(found[2])) < OLDEST_GO:
        actual = result.stdout.strip() or "of an unknown version"
        raise GoMissingError(f"{', '.join(programs)} must be built once; {go} is too old for it: {actual}.", hint=hint)
    return go


def _environment() -> dict[str, str]:
    """The user's environment, in which Go builds for this machine and exactly what go.sum has checksums of."""
    cross = ("GOOS", "GOARCH", "GOBIN")
    kept = {name: value for name, value in os.environ.items() if name not in cross}
    return kept | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}


def _linker_flags(source: pins.GoModule) -> str:
    flags = ["-s", "-w"]
    if source is pins.KUBERNETES:
        # Upstream's own build script sets these; without them the server calls itself v0.0.0-master.
        version = pins.version(source)
        major, minor = pins.minor(version) or (0, 0)
        package = "k8s.io/component-base/version"
        flags += [f"-X {package}.git{key}={value}" for key, value in _git(version, major, minor).items()]
    return " ".join(flags)


def _git(version: str, major: int, minor: int) -> dict[str, str]:
    return {"Version": version, "Major": str(major), "Minor": str(minor)}


def _output_name(package: str) -> str:
    """Name that `go build` gives a program: the last element of its package's path that is not a major version."""
    parts = package.split("/")
    return parts[-2] if re.fullmatch(r"v\d+", parts[-1]) else parts[-1]
