"""Runs checkov over several directories, each in a process of its own that begins with checkov loaded.

To load it takes as long as to look at a directory. checkov's own Python is given a directory for the answers, and the
directories to look at; the answer about each is there under its number.
"""

import os
import sys
from pathlib import Path
from typing import Any

import yaml
from checkov.kubernetes.parser import k8_yaml
from checkov.main import Checkov

OPTIONS = ["--framework", "kubernetes", "--skip-download", "--compact", "--quiet", "--soft-fail", "--output", "json"]
SAMPLE = """
apiVersion: v1
metadata: {name: one, labels: {a: "1"}}
spec:
  list:
    - name: first
      value: 010

    - name: second
  text: |
    two
    lines
last: 2026-11-29
"""


class LibYaml(yaml.CSafeLoader):
    """Reads what checkov's own loader does, which is written in Python and takes a third of the time of a look."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A map, with its first and last line."""
        lines = {"__startline__": node.start_mark.line + 1, "__endline__": node.end_mark.line + 1}
        return {**super().construct_mapping(node, deep=deep), **lines}


def read_by_libyaml() -> None:
    """Have checkov read by it. Fails where the own loader of this checkov does more, or something else."""
    own = k8_yaml.SafeLineLoader
    assert own.__bases__ == (yaml.SafeLoader,)
    assert {name for name in vars(own) if not name.startswith("__")} == {"construct_mapping"}
    assert yaml.load(SAMPLE, own) == yaml.load(SAMPLE, LibYaml)  # noqa: S506 - both are safe loaders
    k8_yaml.SafeLineLoader = LibYaml


def look_at(directory: str, answer: Path) -> int:
    """Look at a directory: the process's exit code."""
    child = os.fork()
    if not child:
        with answer.open("wb") as file:
            os.dup2(file.fileno(), sys.stdout.fileno())
        sys.exit(Checkov(["--directory", directory, *OPTIONS]).run())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    answers, *directories = sys.argv[1:]
    read_by_libyaml()
    codes = [look_at(directory, Path(answers, str(number))) for number, directory in enumerate(directories)]
    sys.exit(max(map(abs, codes), default=0))
