"""A plan for whoever reviews it: with figures, as Markdown for a comment, and against a commit in place of a server."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.reconcile.change import FlagPlan
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.review.markdown import MARK, MOST_CHARACTERS, code, escaped, markdown
from tests.flagops.commands.flags.support import EXAMPLE, Project, Run, example

EVERYONE = ("everyone: 25", "everyone: 50")
ON = ("production: {enabled: false}", "production: {enabled: true}")


def test_a_plan_says_who_is_affected_on_a_server(applied: Project, run: Run, tmp_path: Path) -> None:
    path = str(example(tmp_path, lambda text: text.replace(*EVERYONE)))
    done = run("flags", "plan", path, "--url", applied.url, "--who")
    assert done.exit_code == 2, done.stderr
    assert " new_feature_rollout in production:\n" in done.stdout
    assert "about 25 % of them gain it, none lose it" in done.stdout
    assert "How many of your users are in which segment is not known here" in done.stdout
    found = json.loads(run("flags", "plan", path, "--url", applied.url, "--who", "--json").stdout)
    assert {item["environment"] for item in found["figures"]} == {"development", "staging", "production"}
    assert "figures" not in json.loads(run("flags", "plan", path, "--url", applied.url, "--json").stdout)


def test_a_commit_s_catalogue_stands_in_for_a_server(
    repository: Callable[[Callable[[str], str]], Path], run: Run
) -> None:
    path = str(repository(lambda text: text.replace(*ON)))
    done = run("flags", "plan", path, "--against", "HEAD", "--markdown")
    assert done.exit_code == 2, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == MARK
    assert "#### production" in lines
    assert "#### staging" not in lines
    assert "  - `~ enabled off → on`" in lines
    assert "  - **Who:** All gain it. For clients that name no user it is off now, on then." in lines
    same = str(repository(lambda text: text))
    done = run("flags", "plan", same, "--against", "HEAD", "--markdown")
    assert (done.exit_code, "Nothing changes." in done.stdout) == (0, True)


def test_other_rights_are_said_though_they_are_not_compared(
    repository: Callable[[Callable[[str], str]], Path], run: Run
) -> None:
    path = str(repository(lambda text: text.replace("viewers: {role: viewer}", "viewers: {role: admin}")))
    done = run("flags", "plan", path, "--against", "HEAD")
    assert "who may do what is said differently" in done.stdout


NAMING = {
    "project: FootAnalytics": ("project: Other", "`project` is 'Other' in place of 'FootAnalytics'"),
    "[development, staging, production]": (
        "[development, staging, production, secret]",
        "`environments` has 'secret' too",
    ),
    "viewers: {role: viewer}": ("viewers: {role: admin}", "`access` is another one"),
}


@pytest.mark.parametrize("before", NAMING)
def test_a_catalogue_of_somebody_else_does_not_choose_what_is_read_of_a_server(
    applied: Project, repository: Callable[[Callable[[str], str]], Path], run: Run, before: str
) -> None:
    after, said = NAMING[before]
    path = repository(lambda text: text.replace(before, after, 1))
    assert after in path.read_text(encoding="utf-8")
    assert applied.double is not None
    asked = applied.double.requests.total()
    done = run("flags", "plan", str(path), "--url", applied.url, "--trusted", "HEAD")
    assert done.exit_code == 1
    assert said in done.stderr
    assert "Nothing was asked." in done.stderr
    assert applied.double.requests.total() == asked


def test_what_main_names_is_planned_whatever_else_the_catalogue_changes(
    applied: Project, repository: Callable[[Callable[[str], str]], Path], run: Run
) -> None:
    path = str(repository(lambda text: text.replace(*EVERYONE)))
    done = run("flags", "plan", path, "--url", applied.url, "--trusted", "HEAD")
    assert done.exit_code == 2, done.stderr
    assert "new_feature_rollout" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--against", "nothing-like-it"], "There is no commit"),
        (["--against", "--upload-pack=x"], "There is no commit"),
        (["--against", "HEAD", "--url", "http://127.0.0.1:9"], "leave --stack, --url, --out"),
        (["--against", "HEAD", "--trusted", "HEAD"], "and --trusted"),
        (["--trusted", "nothing-like-it", "--url", "http://127.0.0.1:9"], "There is no commit"),
        (["--markdown", "--json"], "choose one"),
    ],
)
def test_what_does_not_go_together_is_refused(
    repository: Callable[[Callable[[str], str]], Path], run: Run, words: list[str], message: str
) -> None:
    done = run("flags", "plan", str(repository(lambda text: text)), *words)
    assert done.exit_code == 1
    assert message in done.stderr


def test_nothing_in_a_plan_is_markup_or_a_mention_in_the_comment() -> None:
    evil = "@octocat <img src=x onerror=y> [a](https://evil.example) `code` **b** | #1\n---"
    text = escaped(evil)
    assert "@octocat" not in text
    assert "<img" not in text
    assert "](https" not in text
    assert "\n" not in text
    assert code("a `b` ``c``") == "``` a `b` ``c`` ```"


def test_a_comment_fits_whatever_is_in_the_plan() -> None:
    lines = tuple(f"flag {'x' * 200}_{number}" for number in range(2000))
    made = markdown(FlagPlan((), lines, {None: 0}), desired(load(EXAMPLE)[0]), (), title="Many")
    assert len(made) < MOST_CHARACTERS + 200
    assert "lines more, too many to show here" in made
