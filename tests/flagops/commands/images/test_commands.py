"""`ff images` as people type it, with a real registry."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import Result

from components.settings import read_lock
from components.settings.lock import LOCK_FILE
from flagops.commands.images.renew import lock_new_images
from flagops.commands.upgrade.plan import with_version
from flagops.stacks.edit import set_settings
from flagops.stacks.files import load_stack
from tests.flagops.commands.images.conftest import PLATFORMS, write_stack
from tests.registries import DockerRegistry
from tests.servers import LOOPBACK, free_port

Run = Callable[..., Result]
OTHER = "sha256:" + "f" * 64


def done(result: Result) -> str:
    assert result.exit_code == 0, result.stdout + result.stderr
    return result.stdout


def locked(root: Path) -> dict[str, str]:
    return {name.partition("/")[2]: item.digest for name, item in read_lock(root).items()}


def test_a_lock_pins_every_image_and_a_second_one_changes_nothing(
    run: Run, project: Path, registry: DockerRegistry
) -> None:
    before = done(run("images", "list", "--stack", "one"))
    assert before.count("not locked") == 3
    said = done(run("images", "lock"))
    assert said.count(": locked to sha256:") == 3
    text = (project / LOCK_FILE).read_text(encoding="utf-8")
    assert list(yaml.safe_load(text)["images"]) == sorted(yaml.safe_load(text)["images"])
    entry = read_lock(project)[f"{registry.host}/postgres:17.11-bookworm"]
    assert (entry.platforms, entry.source) == (PLATFORMS, registry.host)
    assert load_stack("one", project).settings.postgres_image == (
        f"{registry.host}/postgres:17.11-bookworm@{entry.digest}"
    )
    assert done(run("images", "lock")) == ""
    assert (project / LOCK_FILE).read_text(encoding="utf-8") == text
    assert done(run("images", "list", "--stack", "one")).count(" locked ") == 3


def test_a_check_finds_what_is_missing_and_what_moved_and_writes_nothing(
    run: Run, project: Path, registry: DockerRegistry
) -> None:
    first = run("images", "lock", "--check")
    assert (first.exit_code, first.stdout.count("is not locked; it is sha256:")) == (1, 3)
    assert not (project / LOCK_FILE).exists()
    done(run("images", "lock"))
    assert "is up to date" in run("images", "lock", "--check").stderr
    before = locked(project)["postgres:17.11-bookworm"]
    after = registry.push("postgres", "17.11-bookworm", platforms=("linux/amd64", "linux/riscv64"))
    moved = run("images", "lock", "--check")
    assert moved.exit_code == 1
    assert f"{registry.host}/postgres:17.11-bookworm: moved from {before} to {after}" in moved.stdout
    assert locked(project)["postgres:17.11-bookworm"] == before
    assert "moved from" in done(run("images", "lock"))
    assert read_lock(project)[f"{registry.host}/postgres:17.11-bookworm"].platforms == ("linux/amd64", "linux/riscv64")


def test_what_no_stack_uses_is_dropped_and_comments_stay(run: Run, project: Path, registry: DockerRegistry) -> None:
    done(run("images", "lock"))
    path = project / LOCK_FILE
    text = path.read_text(encoding="utf-8").replace(
        f"  {registry.host}/postgres:", f"  # Approved by the security team.\n  {registry.host}/postgres:"
    )
    path.write_text(f"# Ours.\n{text}", encoding="utf-8")
    path.chmod(0o664)
    write_stack(project, "one", registry.host, redis={"mode": "none"})
    assert f"{registry.host}/redis:8.2.9-bookworm: could be removed" in done(run("images", "lock", "--check"))
    assert f"{registry.host}/redis:8.2.9-bookworm: removed" in done(run("images", "lock"))
    assert set(locked(project)) == {"flagsmith:2.265.0", "postgres:17.11-bookworm"}
    written = path.read_text(encoding="utf-8")
    assert written.startswith("# Ours.\n# Which bytes")
    assert f"  # Approved by the security team.\n  {registry.host}/postgres:" in written
    assert path.stat().st_mode & 0o777 == 0o664
    assert [item.name for item in project.iterdir() if item.name.startswith(".")] == []


def test_one_stack_alone_is_locked_and_what_others_have_stays(
    run: Run, project: Path, registry: DockerRegistry
) -> None:
    registry.push("flagsmith", "2.264.0", platforms=PLATFORMS)
    write_stack(project, "two", registry.host, version="2.264.0")
    done(run("images", "lock"))
    assert set(locked(project)) >= {"flagsmith:2.264.0", "flagsmith:2.265.0"}
    write_stack(project, "two", registry.host, version="2.265.0")
    done(run("images", "lock", "--stack", "one"))
    assert "flagsmith:2.264.0" in locked(project)
    rows = json.loads(done(run("images", "list", "--all-stacks", "--json")))
    assert {tuple(row["stacks"]) for row in rows} == {("one", "two")}
    assert all(row["locked"] and row["reference"].endswith(f"@{row['digest']}") for row in rows)


def test_all_that_cannot_be_resolved_is_named_and_nothing_is_written(
    run: Run, project: Path, registry: DockerRegistry
) -> None:
    write_stack(project, "one", registry.host, version="2.264.9", redis={"image": f"{registry.host}/reddis"})
    result = run("images", "lock")
    assert result.exit_code == 1
    assert f"{registry.host} has no flagsmith:2.264.9." in result.stderr
    assert f"{registry.host} has no reddis:8.2.9-bookworm." in result.stderr
    assert not (project / LOCK_FILE).exists()


def test_a_registry_that_is_away_is_named_once(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flagops.commands.images.registry.ATTEMPTS", 1)
    away = f"{LOOPBACK}:{free_port()}"
    write_stack(project, "one", away)
    result = run("images", "lock")
    assert result.exit_code == 1
    assert result.stderr.count(f"{away} cannot be asked") == 1
    assert "--from-mirror" in result.stderr


def test_a_mirror_is_asked_and_its_images_are_locked_by_the_names_of_the_originals(
    run: Run, project: Path, registry: DockerRegistry
) -> None:
    images = {"image": "flagsmith/flagsmith", "postgres": {}, "redis": {}}
    write_stack(project, "one", registry.host, registryMirror=f"{registry.host}/hub", **images)
    pushed = registry.push("hub/library/postgres", "17.11-bookworm", platforms=PLATFORMS)
    registry.push("hub/library/redis", "8.2.9-bookworm", platforms=PLATFORMS)
    registry.push("hub/flagsmith/flagsmith", "2.265.0", platforms=PLATFORMS)
    done(run("images", "lock", "--from-mirror"))
    entry = read_lock(project)["docker.io/library/postgres:17.11-bookworm"]
    assert (entry.digest, entry.source) == (pushed, registry.host)
    mirrored = f"{registry.host}/hub/library/postgres:17.11-bookworm"
    assert load_stack("one", project).settings.postgres_image == f"{mirrored}@{pushed}"
    lines = done(run("images", "list", "--stack", "one", "--plain")).splitlines()
    assert f"docker.io/library/postgres@{pushed} {mirrored}" in lines
    assert len(lines) == 3
    assert mirrored in done(run("images", "list", "--stack", "one"))


def test_a_digest_in_the_settings_is_not_locked_and_must_not_contradict(
    run: Run, project: Path, registry: DockerRegistry
) -> None:
    pinned = f"{registry.host}/flagsmith:2.265.0@{OTHER}"
    write_stack(project, "one", registry.host, image=pinned)
    done(run("images", "lock"))
    assert set(locked(project)) == {"postgres:17.11-bookworm", "redis:8.2.9-bookworm"}
    listed = [line.split() for line in done(run("images", "list", "--stack", "one")).splitlines()]
    assert any("settings" in line and OTHER in line for line in listed)
    write_stack(project, "two", registry.host)
    result = run("images", "lock")
    assert result.exit_code == 1
    assert f"The settings of one give {registry.host}/flagsmith:2.265.0 the digest {OTHER}" in result.stderr


def test_a_broken_lock_file_is_not_overwritten(run: Run, project: Path) -> None:
    (project / LOCK_FILE).write_text("images:\n  postgres: {}\n", encoding="utf-8")
    for arguments in (("lock",), ("list", "--stack", "one")):
        result = run("images", *arguments)
        assert result.exit_code == 1
        assert f"{LOCK_FILE}, line 2: postgres must be an image's full name" in result.stderr
    assert (project / LOCK_FILE).read_text(encoding="utf-8") == "images:\n  postgres: {}\n"


def test_plain_and_json_exclude_each_other(run: Run, project: Path) -> None:
    assert project
    assert "cannot be used together" in run("images", "list", "--stack", "one", "--plain", "--json").stderr


def test_an_upgrade_locks_the_new_image(run: Run, project: Path, registry: DockerRegistry) -> None:
    said: list[str] = []
    stack = load_stack("one", project)
    lock_new_images(stack, said.append)
    assert not (project / LOCK_FILE).exists(), "where nothing is locked, nothing is to be kept locked"
    done(run("images", "lock"))
    pushed = registry.push("flagsmith", "2.266.0", platforms=PLATFORMS)
    set_settings(stack, {"version": "2.266.0"})
    lock_new_images(stack, said.append)
    assert said[-1] == f"{registry.host}/flagsmith:2.266.0 is locked in {LOCK_FILE}; commit it."
    assert locked(project)["flagsmith:2.266.0"] == pushed
    assert "flagsmith:2.265.0" in locked(project), "the way back is locked too"
    older = with_version(load_stack("one", project), "2.265.0").settings.image_reference
    assert older.endswith(f":2.265.0@{locked(project)['flagsmith:2.265.0']}"), "each version has its own digest"
    said.clear()
    lock_new_images(stack, said.append)
    assert said == []


def test_an_upgrade_says_what_it_could_not_lock(run: Run, project: Path, registry: DockerRegistry) -> None:
    said: list[str] = []
    done(run("images", "lock"))
    stack = load_stack("one", project)
    set_settings(stack, {"version": "2.267.0"})
    lock_new_images(stack, said.append)
    assert f"{registry.host}/flagsmith:2.267.0 is not locked, and is deployed by its tag: {registry.host} has no" in (
        "\n".join(said)
    )
    assert "`ff images lock --stack one`" in said[-1]
