"""`ff flags rollout new` writes steps into the catalogue, and leaves all else of the file as it is."""

from pathlib import Path

import pytest

from flagops.commands.flags.catalogue.load import load
from tests.flagops.commands.flags.support import EXAMPLE, Run, example

FLAG = "ml_model_v2_enabled"
WRONG = ("0,1h", "150,1h", "nan,1h", "inf,1h", "5,", "5 1h", "5,six hours", "")
STAGES = ("--stage", "5,6h", "--stage", "25,12h")


def new(run: Run, path: Path, *words: str, code: int = 0) -> str:
    done = run("flags", "rollout", "new", *words, "--catalogue", str(path))
    assert done.exit_code == code, done.stderr
    return str(done.stdout + done.stderr)


def test_it_writes_the_steps_and_keeps_comments_and_layout(run: Run, tmp_path: Path) -> None:
    path = example(tmp_path)
    said = new(
        run, path, "real_time_processing_enabled", *STAGES, "--start", "2026-12-24T09:00Z", "--guard", "platform-errors"
    )
    assert "+        - {to: 5, for: 6h}" in said
    rollout = load(path)[0].flags["real_time_processing_enabled"].rollout
    assert rollout is not None
    assert [(step.to, step.lasts) for step in rollout.steps] == [(5, "6h"), (25, "12h"), (100, None)]
    assert (rollout.start, rollout.guards) == ("2026-12-24T09:00Z", ("platform-errors",))
    before, after = EXAMPLE.read_text(encoding="utf-8").splitlines(), path.read_text(encoding="utf-8").splitlines()
    assert [line for line in after if line not in before and "rollout:" not in line] == [
        "      start: 2026-12-24T09:00Z",
        "      steps:",
        "        - {to: 5, for: 6h}",
        "        - {to: 25, for: 12h}",
        "        - {to: 100}",
        "      guards: [platform-errors]",
    ]
    assert [line for line in before if line not in after] == []


def test_it_can_be_for_one_environment(run: Run, tmp_path: Path) -> None:
    path = example(tmp_path)
    new(run, path, FLAG, "--stage", "50,1h", "--stage", "100,1d", "-e", "production")
    flag = load(path)[0].flags[FLAG]
    assert flag.rollout is None
    rollout = flag.environments["production"].rollout
    assert rollout is not None
    assert [(step.to, step.lasts) for step in rollout.steps] == [(50, "1h"), (100, "1d")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing", *STAGES), "has no flag 'nothing'"),
        ((FLAG, *STAGES, "-e", "nowhere"), "has no environment 'nowhere'"),
        ((FLAG, "--stage", "5"), "--stage '5' must be a percentage (over 0, at most 100), a comma and a time"),
        (("ml_model_v2_enable", *STAGES), "Did you mean ml_model_v2_enabled?"),
        *(((FLAG, "--stage", text), "must be a percentage (over 0, at most 100)") for text in WRONG),
        ((FLAG, "--stage", "5,0"), "lasts no time"),
        ((FLAG, "--stage", "50,1h", "--stage", "10,1h"), "is 10, after 50: each step must be more than the last"),
        ((FLAG, "--stage", "x,6h"), "--stage 'x,6h' must be"),
        ((FLAG, "--stage", "25,6h", "--stage", "5,6h"), "each step must be more than the last"),
        ((FLAG, *STAGES, "--guard", "platform-error"), "did you mean platform-errors?"),
        ((FLAG, *STAGES, "--start", "tomorrow"), "must be a day, a time and a time zone"),
        (("gpu_optimization_enabled", *STAGES), "say `enabled: false` in it"),
    ],
)
def test_what_would_be_wrong_is_refused_and_the_file_stays(
    run: Run, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    path = example(tmp_path)
    assert said in new(run, path, *words, code=1)
    assert path.read_text(encoding="utf-8") == EXAMPLE.read_text(encoding="utf-8")
