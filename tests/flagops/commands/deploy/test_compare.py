"""`ff preview --against`: what changes between two commits, as Markdown; without a cluster, without credentials."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.deploy.compare.commits import checked_out, of_checkout, of_commit
from flagops.commands.deploy.compare.manifests import differences
from flagops.commands.deploy.compare.markdown import MOST_CHARACTERS, markdown
from flagops.errors import OpsError
from flagops.project import VARIABLE
from tests.recording import ROOT

Run = Callable[..., Result]


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(root), *identity, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The project in a repository of its own, with one commit."""
    root = tmp_path / "project"
    root.mkdir()
    for name in ("components", "flagops"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (*ROOT.glob("Pulumi*.yaml"), ROOT / "__main__.py"):
        shutil.copy(path, root)
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=first")
    return root


def test_a_commit_from_before_the_package_was_renamed_is_rendered_by_its_own_command(repository: Path) -> None:
    older = repository / "ops"
    shutil.move(repository / "flagops", older)
    for path in (*older.rglob("*.py"), *older.rglob("*.j2")):
        path.write_text(path.read_text(encoding="utf-8").replace("flagops", "ops"), encoding="utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message=older")
    assert of_commit(repository, "HEAD", "staging")


def test_a_commit_is_rendered_for_itself_wherever_in_a_repository_the_project_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "all" / "platform"
    root.mkdir(parents=True)
    (root / "Pulumi.staging.yaml").write_text("config: {}\n", encoding="utf-8")
    git(tmp_path / "all", "init", "--quiet", "--initial-branch=main")
    git(tmp_path / "all", "add", "--all")
    git(tmp_path / "all", "commit", "--quiet", "--message=first")
    monkeypatch.setenv(VARIABLE, str(ROOT))
    ran: list[Any] = []

    def rendered(command: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
        ran.append(how)
        assert (how["cwd"] / "Pulumi.staging.yaml").is_file()
        Path(command[-1]).mkdir()
        return subprocess.CompletedProcess(command, 0, "", "")

    with checked_out(root, "main") as place:
        assert (place / "Pulumi.staging.yaml").is_file()
        with monkeypatch.context() as replaced:
            replaced.setattr(subprocess, "run", rendered)
            assert of_checkout(place, "main", "staging") == {}
    assert [(how["cwd"], how["env"][VARIABLE]) for how in ran] == [(place, str(place))]
    assert place.name == "platform"
    assert not place.exists()
    assert of_commit(root, "main", "other") == {}


def test_a_commit_is_rendered_by_its_own_program(repository: Path) -> None:
    path = repository / "Pulumi.staging.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("size: small", "size: medium", 1))
    program = repository / "components" / "kit" / "names.py"
    program.write_text(
        program.read_text(encoding="utf-8").replace('PLATFORM: Final = "feature-flags"', 'PLATFORM: Final = "flags"')
    )
    git(repository, "commit", "--quiet", "--all", "--message=second")
    before, after = (of_commit(repository, commit, "staging") for commit in ("HEAD~1", "main"))
    found = {item.name: item for item in differences(before, after)}
    assert found["Deployment flagsmith"].action == "update"
    assert "-    app.kubernetes.io/part-of: feature-flags\n+    app.kubernetes.io/part-of: flags" in (
        found["Deployment flagsmith"].diff
    )
    assert any(item.action == "replace" and name.startswith("Job flagsmith-migrate-") for name, item in found.items())
    assert of_commit(repository, "HEAD~1", "staging") == before, "after a newer one as before it"
    assert of_commit(repository, "HEAD", "no-such-stack") == {}
    assert git(repository, "worktree", "list").count("\n") == 0, "no work tree is left"
    assert git(repository, "status", "--porcelain") == ""


def test_what_is_not_there_is_named(repository: Path) -> None:
    with pytest.raises(OpsError, match="There is no commit 'no-such-branch'"):
        of_commit(repository, "no-such-branch", "staging")
    with pytest.raises(OpsError, match="There is no commit '--help'"):
        of_commit(repository, "--help", "staging")
    (repository / "__main__.py").write_text("raise ValueError('broken')\n", encoding="utf-8")
    git(repository, "commit", "--quiet", "--all", "--message=broken")
    with pytest.raises(OpsError, match=r"(?s)The program of HEAD does not render 'staging'.*broken"):
        of_commit(repository, "HEAD", "staging")


def test_the_command_compares_what_is_here_with_a_commit(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flagops.commands.deploy.command.of_commit", lambda *_: {})
    shown = run("preview", "--stack", "staging", "--against", "main")
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout.startswith("### Manifests of staging, against main\n")
    assert "<details><summary>+ create <code>ServiceAccount flagsmith-task-processor</code></summary>" in shown.stdout
    assert "- + `ConfigMap flagsmith-" in shown.stdout  # the texts of scripts are what does not fit


def test_names_that_end_with_a_digest_are_the_same_object() -> None:
    old = {"Job flagsmith-migrate-0123456789": "a: 1\n", "Service one": "x: 1\n", "Service two": "y: 1\n"}
    new = {"Job flagsmith-migrate-abcdefabcd": "a: 2\n", "Service one": "x: 1\n", "Service three": "z: 1\n"}
    found = [(item.action, item.name) for item in differences(old, new)]
    assert found == [
        ("replace", "Job flagsmith-migrate-abcdefabcd"),
        ("create", "Service three"),
        ("delete", "Service two"),
    ]


def test_markdown_folds_each_object_and_fits_into_a_comment() -> None:
    assert "No manifest changes." in markdown([], title="staging")
    old = {f"ConfigMap c{number}": "data:\n" + f"  key: {number}\n" * 400 for number in range(60)}
    text = markdown(differences(old, {}), title="staging")
    assert text.startswith("### staging\n\n60 to delete.\n")
    assert len(text) < MOST_CHARACTERS + 5_000
    assert "more, too long to show here:" in text
    assert text.count("<details>") == text.count("</details>")


def test_a_fence_in_a_manifest_closes_nothing() -> None:
    text = markdown(differences({}, {"ConfigMap a": "data: |\n  ```\n  <b>\n"}), title="x")
    assert "\n````diff\n" in text


def test_an_object_that_is_too_long_for_a_comment_hides_no_other() -> None:
    new = {"ConfigMap a": "data:\n" + "  key: 1\n" * MOST_CHARACTERS, "Service b": "a: 1\n"}
    text = markdown(differences({}, new), title="staging")
    assert "<code>Service b</code>" in text
    assert text.endswith("\n1 more, too long to show here:\n\n- + `ConfigMap a`\n")
