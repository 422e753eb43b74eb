"""Whatever a catalogue holds: an answer within two seconds and 300 MiB, of lines that name key and value."""

import os
import re
from pathlib import Path

import pytest

from tests.bad_input.asking import Answer, Asking
from tests.bad_input.texts import Bad, of_any_yaml, of_catalogues

BAD = [*of_any_yaml(), *of_catalogues()]


@pytest.fixture(scope="module")
def answers(ask: Asking, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    home = tmp_path_factory.mktemp("catalogues")
    jobs = []
    for number, one in enumerate(BAD):
        path = home / f"c{number}.yaml"
        path.write_bytes(one.content)
        jobs.append({"ff": ["flags", "validate", str(path)]})
    return dict(zip([one.name for one in BAD], ask(jobs), strict=True))


@pytest.mark.parametrize("one", BAD, ids=lambda one: one.name)
def test_it_is_refused_in_time_with_what_is_wrong(one: Bad, answers: dict[str, Answer]) -> None:
    answer = answers[one.name]
    answer.hold()
    assert answer.code == 1, answer.said
    for word in one.words:
        # A catalogue's lines are told as editors know them.
        if word.startswith("line "):
            assert re.search(rf"\.yaml:{word[5:]}:(\d+:)? ", answer.said), answer.said
        else:
            assert word in answer.said


def test_no_name_is_given_twice() -> None:
    assert len({one.name for one in BAD}) == len(BAD)


def test_what_is_no_file_is_refused(ask: Asking, tmp_path: Path) -> None:
    loop, pipe, folder = tmp_path / "loop", tmp_path / "pipe", tmp_path / "folder"
    loop.symlink_to(loop)
    folder.mkdir()
    os.mkfifo(pipe)
    given = [loop, pipe, folder, Path("/dev/zero"), Path("/dev/tty"), tmp_path / "missing"]
    for answer in ask([{"ff": ["flags", "validate", str(path)]} for path in given]):
        answer.hold()
        assert (answer.code, len(answer.lines) <= 2) == (1, True), answer.said
