"""Where the cluster's programs are taken from, and what is said when they cannot be had."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.console import Console

from flagops.errors import OpsError
from flagops.local_cluster import binaries, build, pins
from tests.flagops.local_cluster.programs import make_program, make_versioned

PINNED = pins.version(pins.ETCD)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty directories `assets`, `path` and `cache`, which are the only places to look in."""
    for name in ("assets", "path", "cache"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("FF_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def make_go(places: Path, script: str, version: str = "go1.26.0") -> Path:
    """Make a `go` which tells its version, and otherwise runs the script with `$out` as the output directory.

    `$said` is its command line.
    """
    find_output = 'while [ $# -gt 0 ]; do case "$1" in -o) out="$2";; esac; shift; done'
    return make_program(
        places / "path",
        "go",
        f'case "$1" in env) echo {version}; exit;; esac\nPATH=/usr/bin:/bin\nsaid="$*"\n{find_output}\n{script}',
    )


def cached(places: Path) -> Path:
    return places / "cache" / "bin" / PINNED


def test_the_pinned_versions_are_read_from_the_go_modules() -> None:
    for source in (*pins.CONTROL_PLANE, pins.KIND):
        assert pins.version(source).startswith("v")
        assert pins.go_version(source).startswith("1.")


def test_kubebuilder_assets_come_before_path_and_cache(places: Path, console: Console) -> None:
    wanted = make_versioned(places / "assets", "etcd", PINNED)
    make_versioned(places / "path", "etcd", PINNED)
    make_versioned(cached(places), "etcd", PINNED)
    assert binaries.resolve(pins.ETCD, console) == {"etcd": wanted}


def test_path_comes_before_the_cache(places: Path, console: Console) -> None:
    wanted = make_versioned(places / "path", "etcd", PINNED)
    make_versioned(cached(places), "etcd", PINNED)
    assert binaries.resolve(pins.ETCD, console) == {"etcd": wanted}


def test_another_patch_release_of_the_pinned_minor_version_is_taken(places: Path, console: Console) -> None:
    major, minor = pins.minor(PINNED) or (0, 0)
    wanted = make_versioned(places / "path", "etcd", f"v{major}.{minor}.0")
    assert binaries.resolve(pins.ETCD, console) == {"etcd": wanted}


@pytest.mark.parametrize(("version", "is_taken"), [("v0.24.0", True), ("v0.40.1", True), ("v0.23.0", False)])
def test_a_kind_that_can_make_the_cluster_is_taken_whatever_the_pin_is(
    places: Path, console: Console, version: str, is_taken: bool
) -> None:
    there = make_versioned(places / "path", "kind", version)
    kept = make_versioned(places / "cache" / "bin" / pins.version(pins.KIND), "kind", pins.version(pins.KIND))
    assert binaries.resolve(pins.KIND, console) == {"kind": there if is_taken else kept}


@pytest.mark.parametrize("script", ["echo etcd Version: 3.4.30", "exit 1", "echo no number"])
def test_a_program_that_is_not_of_the_pinned_minor_version_is_passed_over(
    places: Path, console: Console, script: str
) -> None:
    make_program(places / "assets", "etcd", script)
    make_program(places / "path", "etcd", script)
    wanted = make_versioned(cached(places), "etcd", PINNED)
    assert binaries.resolve(pins.ETCD, console) == {"etcd": wanted}


def test_what_is_nowhere_is_built_into_the_cache(places: Path, console: Console) -> None:
    make_go(places, 'echo built > "$out/server"; chmod +x "$out"/*')
    assert binaries.resolve(pins.ETCD, console) == {"etcd": cached(places) / "etcd"}
    assert (cached(places) / "etcd").read_text() == "built\n"
    assert [path.name for path in cached(places).iterdir()] == ["etcd"]


def test_the_compiler_makes_no_debug_information_that_the_linker_would_leave_out(
    places: Path, console: Console
) -> None:
    make_go(places, f'echo built > "$out/server"; chmod +x "$out"/*; echo "$said" > {places}/said')
    binaries.resolve(pins.ETCD, console)
    said = (places / "said").read_text(encoding="utf-8")
    assert "-gcflags=all=-dwarf=false" in said
    assert "-ldflags -s -w" in said


def test_only_the_missing_programs_are_built(places: Path, console: Console) -> None:
    version = pins.version(pins.KUBERNETES)
    there = make_versioned(places / "assets", "kube-apiserver", version)
    make_go(
        places, 'for name in kube-controller-manager kube-scheduler; do echo x > "$out/$name"; done; chmod +x "$out"/*'
    )
    found = binaries.resolve(pins.KUBERNETES, console)
    assert found["kube-apiserver"] == there
    assert {path.name for path in (places / "cache" / "bin" / version).iterdir()} == {
        "kube-controller-manager",
        "kube-scheduler",
    }


def test_a_failed_build_names_the_program_and_shows_the_last_lines_and_leaves_nothing(
    places: Path, console: Console
) -> None:
    make_go(places, 'echo "verifying module: checksum mismatch"; exit 1')
    with pytest.raises(OpsError, match=r"etcd failed with exit code 1:\n.*checksum mismatch"):
        binaries.resolve(pins.ETCD, console)
    assert list(cached(places).iterdir()) == []


def test_what_a_killed_build_left_is_removed_by_the_next(places: Path, console: Console) -> None:
    (cached(places) / ".build-old").mkdir(parents=True)
    make_go(places, 'echo built > "$out/server"; chmod +x "$out"/*')
    binaries.resolve(pins.ETCD, console)
    assert [path.name for path in cached(places).iterdir()] == ["etcd"]


def test_a_second_run_waits_for_the_first_and_does_not_build_again(places: Path, console: Console) -> None:
    builds = places / "builds"
    make_go(places, f'echo x >> {builds}; sleep 0.2; echo built > "$out/server"; chmod +x "$out"/*')
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda _: binaries.resolve(pins.ETCD, console), range(3)))
    assert found == [{"etcd": cached(places) / "etcd"}] * 3
    assert builds.read_text() == "x\n"


@pytest.mark.usefixtures("places")
def test_without_go_the_error_says_what_is_needed_and_what_else_works(console: Console) -> None:
    with pytest.raises(build.GoMissingError, match=r"etcd must be built once, .* Go, which is not on PATH") as error:
        binaries.resolve(pins.ETCD, console)
    hint = error.value.hint or ""
    assert f"Go {pins.go_version(pins.ETCD)}" in hint
    assert "KUBEBUILDER_ASSETS" in hint
    assert "Docker" in hint


def test_a_go_that_is_too_old_is_named(places: Path, console: Console) -> None:
    make_go(places, "exit 1", version="go1.19.8")
    with pytest.raises(build.GoMissingError, match=r"too old for it: go1\.19\.8"):
        binaries.resolve(pins.ETCD, console)
