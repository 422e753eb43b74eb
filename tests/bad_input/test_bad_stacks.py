"""Whatever a stack's file holds: an answer within two seconds and 300 MiB, of lines that name key and value."""

import json
from pathlib import Path

import pytest

from components.text.yaml12 import YamlError, read
from flagops.stacks.files import load_stack
from tests.bad_input.asking import Answer, Asking
from tests.bad_input.texts import STACK, Bad, of_any_yaml, of_stacks, put_stack

BAD = [*of_any_yaml(), *of_stacks()]


@pytest.fixture(scope="module")
def answers(ask: Asking, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    home = tmp_path_factory.mktemp("stacks")
    jobs = []
    for number, one in enumerate(BAD):
        root = home / f"s{number}"
        put_stack(root, one.content)
        jobs.append({"ff": ["env", "--stack", "blue"], "root": str(root)})
    return dict(zip([one.name for one in BAD], ask(jobs), strict=True))


@pytest.mark.parametrize("one", BAD, ids=lambda one: one.name)
def test_it_is_refused_in_time_with_what_is_wrong(one: Bad, answers: dict[str, Answer]) -> None:
    answer = answers[one.name]
    answer.hold()
    assert answer.code == 1, answer.said
    for word in one.words:
        assert word in answer.said or "more than 128 KiB" in answer.said


def test_the_program_refuses_by_itself_what_pulumi_hands_over(ask: Asking, tmp_path: Path) -> None:
    """Pulumi's CLI runs the program without `ff`: each value as text, maps in JSON."""
    jobs, names = [], []
    for number, one in enumerate(of_stacks()):
        try:
            content = read(one.content.decode())
        except YamlError:
            continue
        if not isinstance(content, dict) or not isinstance(content["config"], dict) or "twice in" in one.name:
            continue
        prefix = "feature-flags:"
        values = {key.removeprefix(prefix): value for key, value in content["config"].items()}
        handed = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
        path = tmp_path / f"p{number}.json"
        path.write_text(json.dumps(handed), encoding="utf-8")
        if one.name != "200 KiB":  # of a comment
            jobs.append({"read": "program", "path": str(path)})
            names.append(one.name)
    assert len(names) > 50
    for name, answer in zip(names, ask(jobs), strict=True):
        answer.hold()
        assert answer.code == 1, (name, answer.said)


def test_the_stack_that_all_of_them_are_made_of_is_right(tmp_path: Path) -> None:
    put_stack(tmp_path, STACK)
    assert load_stack("blue", tmp_path).settings.host == "flags.example.com"
