import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from flagops.commands.render.render import render
from flagops.errors import OpsError
from flagops.stacks.files import Stack, load_stack
from tests.flagops.engines.conftest import PROGRAM
from tests.recording import ROOT

Sample = Callable[..., Stack]


def test_each_component_is_a_file_and_the_namespace_comes_first(tmp_path: Path, sample: Sample) -> None:
    files = render(PROGRAM, sample(), tmp_path / "out")
    assert [path.name for path in files] == [
        *("00-base.yaml", "data.yaml", "jobs.yaml", "kustomization.yaml", "web.yaml")
    ]
    assert [item["kind"] for item in yaml.safe_load_all(files[4].read_text())] == ["Service", "Deployment"]


def test_generated_secrets_are_named_and_not_shown(tmp_path: Path, sample: Sample) -> None:
    render(PROGRAM, sample(), tmp_path)
    text = (tmp_path / "data.yaml").read_text()
    assert "password: '<generated: data-password>'" in text
    assert "postgres://web:<generated: data-password>@data/web" in text


def test_a_secret_with_stand_ins_is_a_comment_so_that_applying_it_overwrites_nothing(
    tmp_path: Path, sample: Sample
) -> None:
    for path in render(PROGRAM, sample(), tmp_path):
        kinds = [item["kind"] for item in yaml.safe_load_all(path.read_text()) if item]
        assert "Secret" not in kinds
    assert yaml.safe_load((tmp_path / "data.yaml").read_text()) is None


def test_the_kustomization_names_the_files_in_the_order_of_their_waves_without_those_of_comments(
    tmp_path: Path, sample: Sample
) -> None:
    render(PROGRAM, sample(), tmp_path)
    found = yaml.safe_load((tmp_path / "kustomization.yaml").read_text())
    assert found == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["00-base.yaml", "jobs.yaml", "web.yaml"],
    }


def test_two_renders_are_the_same_bytes(tmp_path: Path, sample: Sample) -> None:
    stack = sample()
    render(PROGRAM, stack, tmp_path / "one")
    render(PROGRAM, stack, tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_files_of_an_earlier_render_that_are_no_longer_due_are_removed(tmp_path: Path, sample: Sample) -> None:
    render(PROGRAM, sample(), tmp_path)
    stale = (tmp_path / "jobs.yaml").rename(tmp_path / "former.yaml")
    render(PROGRAM, sample(), tmp_path)
    assert not stale.exists()
    assert (tmp_path / "jobs.yaml").exists()


@pytest.mark.parametrize("name", ["notes.txt", "values.yaml"])
def test_a_directory_with_other_files_is_refused_and_left_alone(tmp_path: Path, sample: Sample, name: str) -> None:
    (tmp_path / name).write_text("mine\n")
    with pytest.raises(OpsError, match=name):
        render(PROGRAM, sample(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_failing_program_leaves_the_earlier_render(tmp_path: Path, sample: Sample) -> None:
    files = render(PROGRAM, sample(), tmp_path)
    with pytest.raises(OpsError, match="not a DNS name"):
        render(PROGRAM, sample(host="not a name"), tmp_path)
    assert all(path.exists() for path in files)


def test_rendering_imports_no_cluster_client_and_is_quick(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from flagops.stacks.files import load_stack; from flagops.commands.render.render import render\n"
        "root, out = map(Path, sys.argv[1:])\n"
        "render(root, load_stack('local', root), out)\n"
        "assert 'kubernetes' not in sys.modules\n"
    )
    started = time.monotonic()
    subprocess.run([sys.executable, "-W", "error", "-c", program, str(PROGRAM), str(tmp_path / "out")], check=True)
    assert time.monotonic() - started < 15  # measured 1.3 s; the margin is for a busy machine


def test_checksums_of_stand_ins_are_left_out(tmp_path: Path) -> None:
    for path in render(ROOT, load_stack("production", ROOT), tmp_path):
        assert "checksum/" not in path.read_text()


def test_with_secrets_the_files_are_only_ever_the_owner_s(
    tmp_path: Path, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flagops.engines.direct.api.DirectEngine.generated", lambda _: {"data-password": "known"})
    monkeypatch.setattr(Path, "chmod", lambda *_: pytest.fail("a file is closed to others after it was written"))
    before = os.umask(0)
    try:
        files = render(PROGRAM, sample(), tmp_path, show_secrets=True)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    [secret] = yaml.safe_load_all((tmp_path / "data.yaml").read_text())
    assert secret["stringData"]["password"] == "known"


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path, sample: Sample) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OpsError, match=r"directory .*/file/out cannot be made: Not a directory") as error:
        render(PROGRAM, sample(), tmp_path / "file" / "out")
    assert "--out" in (error.value.hint or "")


@pytest.mark.parametrize("text", ["1e3", "0o17", "y"])
def test_a_text_stays_one_for_kubectl(text: str, tmp_path: Path, sample: Sample) -> None:
    """Its reader takes these for numbers and for true, which the API server refuses where a text has to stand."""
    render(PROGRAM, sample(namespace=text), tmp_path)
    assert f"  name: '{text}'\n" in (tmp_path / "00-base.yaml").read_text(encoding="utf-8")
