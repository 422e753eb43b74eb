"""Nothing in the scripts of pods fails because the end of a pipe has left before its beginning was done."""

import re

from tests.recording import ROOT

# With `pipefail`, a writer that is told so by SIGPIPE makes the whole pipe fail, on a busy machine only.
LEAVES_EARLY = re.compile(r"\|\s*(grep\s+(-\w+\s+)*-\w*[qm]|head\b|sed\s[^|]*\dq)")


def test_with_pipefail_nobody_leaves_a_pipe_early() -> None:
    scripts = [path for path in ROOT.glob("*/**/in_pod/*.sh") if ".venv" not in path.parts]
    strict = [path for path in scripts if "pipefail" in path.read_text(encoding="utf-8")]
    assert len(strict) > 5
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in strict
        for line in path.read_text(encoding="utf-8").splitlines()
        if LEAVES_EARLY.search(line) and not line.lstrip().startswith("#")
    ]
    assert found == []
