"""What the scripts of pods run in pipes and in `$( )`: nothing fails there by chance, and no failure is passed over."""

import re

from tests.recording import ROOT

# With `pipefail`, a writer that is told so by SIGPIPE makes the whole pipe fail, on a busy machine only.
LEAVES_EARLY = re.compile(r"\|\s*(grep\s+(-\w+\s+)*-\w*[qm]|head\b|sed\s[^|]*\dq)")
# A function of several lines, which is several commands unless it is named below.
FUNCTION = re.compile(r"^(\w+)\(\) [({]( #[^\n]*)?\n", re.MULTILINE)
# Of start-postgres.sh, whose every change restarts the database: one pipeline on several lines.
ONE_PIPELINE = {"sorted_otherwise"}
# What failed says nothing, and nothing is not what was asked for.
FAILURE_FOR_AN_ANSWER = re.compile(r"""\[ (-z )?"\$\(.*\)" !=|\[ -z "\$\(""")

TEXTS = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for path in sorted(ROOT.glob("*/**/in_pod/*.sh"))
    if ".venv" not in path.parts
}
STRICT = {path: text for path, text in TEXTS.items() if "set -euo pipefail\n" in text}
FUNCTIONS = {name for text in TEXTS.values() for name, _ in FUNCTION.findall(text)} - ONE_PIPELINE


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}: {line.strip()}"
        for path, text in STRICT.items()
        for line in text.splitlines()
        if pattern.search(line) and not line.lstrip().startswith("#")
    ]


def test_with_pipefail_nobody_leaves_a_pipe_early() -> None:
    assert len(STRICT) > 5
    assert found(LEAVES_EARLY) == []


def test_a_substitution_of_several_commands_ends_with_the_first_that_fails() -> None:
    """bash takes -e away from `$( )` unless it is told not to: what comes after the failure would be taken for all."""
    assert {"at", "named", "require_rows"} <= FUNCTIONS
    several = re.compile(rf"\$\((?!\()(\s*(\{{|({'|'.join(sorted(FUNCTIONS))})\b)|[^()'\"]*;)")
    told = [path for path, text in STRICT.items() if "\nshopt -s inherit_errexit\n" in text]
    assert {path.name for path in told} >= {"restore-database.sh", "drill-backup.sh", "move-database.sh"}
    assert [line for line in found(several) if line.partition(":")[0] not in map(str, told)] == []


def test_no_question_that_failed_is_taken_for_an_answer() -> None:
    assert found(FAILURE_FOR_AN_ANSWER) == []
