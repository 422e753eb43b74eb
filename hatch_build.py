"""Puts into what is built what no list of folders can: the commit, and single files of the program."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMMIT_FILE = "flagops/commit.txt"
FILES, PROGRAM = ("__main__.py", "requirements.txt"), "flagops/_program"


class BuildHook(BuildHookInterface[Any]):
    """Adds `flagops/commit.txt` to a wheel and a source distribution, and single files to a wheel's program.

    With the commit, an installed `ff --version` names it; an editable installation asks git itself.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files to add: the commit is the checkout's, or what a source distribution brings along."""
        self.temporary = tempfile.mkdtemp()
        if self.target_name == "wheel" and version != "editable":
            for name in FILES:
                build_data["force_include"][str(Path(self.root) / name)] = f"{PROGRAM}/{name}"
        if version == "editable" or (Path(self.root) / COMMIT_FILE).exists():
            return
        git = shutil.which("git")
        if git is None or not (Path(self.root) / ".git").exists():
            return
        command = [git, "-C", self.root, "rev-parse", "--short=12", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        path = Path(self.temporary) / "commit.txt"
        path.write_text(done.stdout, encoding="ascii")
        build_data["force_include"][str(path)] = COMMIT_FILE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what `initialize` made."""
        shutil.rmtree(self.temporary)
