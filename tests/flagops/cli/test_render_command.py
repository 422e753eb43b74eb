"""`ff render` as people type it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the renderer was asked for."""
    asked: list[dict[str, Any]] = []

    def write(_root: Path, stack: Any, out: Path, **options: Any) -> list[Path]:
        asked.append({"stack": stack.name, **options})
        return [out / "flagsmith.yaml"]

    monkeypatch.setattr("flagops.commands.render.command.write", write)
    return asked


def test_render_lists_the_files_on_stdout(
    run: Callable[..., Result], written: list[dict[str, Any]], tmp_path: Path
) -> None:
    result = run(
        "render", "--stack", "production", "--out", str(tmp_path), "--api-versions", "a/v1", "--api-versions", "b/v1"
    )
    assert result.stdout.splitlines() == [str(tmp_path / "flagsmith.yaml")]
    assert "1 files of the stack 'production'" in result.stderr
    assert written[0]["api_versions"] == ("a/v1", "b/v1")
    assert written[0]["show_secrets"] is False


def test_render_with_secrets_warns(run: Callable[..., Result], written: list[dict[str, Any]], tmp_path: Path) -> None:
    result = run("render", "--stack", "production", "--out", str(tmp_path), "--show-secrets")
    assert written[0]["show_secrets"] is True
    assert written[0]["context"] == "production"
    assert "do not commit" in result.stderr


def test_render_needs_a_directory(run: Callable[..., Result]) -> None:
    assert run("render").exit_code == 2
