"""The lock file of images: what it may say, what a stack makes of it, and what is refused."""

from pathlib import Path

import pytest

from components.settings import SettingsError, parse, read_lock, warnings
from components.settings.images import full_name
from components.settings.lock import LOCK_FILE, LockedImage, parse_lock
from tests.components.settings.support import VALID

ONE, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
POSTGRES = "docker.io/library/postgres:17.11-bookworm"
ENTRY = f"""\
# Images.
images:
  # Approved.
  {POSTGRES}:
    digest: {ONE}
    platforms: [linux/arm64, linux/amd64]
    resolved: 2030-01-31T12:00:00Z
    from: mirror.example.com/dockerhub
"""


def lock_of(*names: str) -> dict[str, LockedImage]:
    """A lock in which each name has the same digest."""
    entry = LockedImage(digest=ONE, platforms=("linux/amd64",), resolved="2030-01-31T12:00:00Z", source="docker.io")
    return dict.fromkeys(names, entry)


def test_a_lock_file_is_read_with_the_lines_of_its_entries(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text(ENTRY, encoding="utf-8")
    found = read_lock(tmp_path)[POSTGRES]
    assert (found.digest, found.platforms, found.line) == (ONE, ("linux/amd64", "linux/arm64"), 4)
    assert (found.resolved, found.source) == ("2030-01-31T12:00:00Z", "mirror.example.com/dockerhub")


@pytest.mark.parametrize("text", ["", "# Nothing is locked.\n", "images:\n", "images: {}\n"])
def test_an_empty_lock_file_locks_nothing(text: str) -> None:
    assert parse_lock(text) == {}


def test_without_a_file_nothing_is_locked(tmp_path: Path) -> None:
    assert read_lock(tmp_path) == {}


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("images:", "image:", 2, "image is not a known key: the only one is images"),
        ("images:\n", "images: []\n_:\n", 2, "must be a map of keys and values"),
        (POSTGRES, "postgres:17.11-bookworm", 4, f"and no digest, as {POSTGRES}"),
        (POSTGRES, f"{POSTGRES}@{ONE}", 4, "with its tag and no digest"),
        (POSTGRES, "docker.io/library/postgres", 4, "must be an image's full name with its tag"),
        ("digest:", "digets:", 5, "digets is not a known key: an image has digest, platforms, resolved, from"),
        (ONE, "sha256:abc", 5, "digest = 'sha256:abc': must be sha256: and 64 hexadecimal digits"),
        (ONE, f"[{ONE}", 6, "is not YAML"),
        ("linux/arm64", "linux", 6, "must be a list such as [linux/amd64, linux/arm64]"),
        ("[linux/arm64, linux/amd64]", "[]", 6, "must be a list such as"),
        ("2030-01-31T12:00:00Z", "yesterday", 7, "resolved = 'yesterday': must be a time in UTC"),
        ("    from: mirror.example.com/dockerhub\n", "", 4, f"{POSTGRES} lacks from"),
        ("mirror.example.com/dockerhub", "{}", 8, "must be the registry that was asked"),
        ("    from:", f"    digest: {ONE}\n    from:", 8, "digest is given twice, first at line 5"),
    ],
)
def test_a_malformed_lock_file_is_refused_with_its_line(before: str, after: str, line: int, message: str) -> None:
    assert before in ENTRY
    with pytest.raises(SettingsError) as caught:
        parse_lock(ENTRY.replace(before, after, 1))
    (first, *_) = caught.value.lines
    assert first.startswith(f"{LOCK_FILE}, line {line}: ")
    assert message in first
    assert "`ff images lock` rewrites the file" in first


def test_a_lock_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=f"{LOCK_FILE}: cannot be read as UTF-8 text"):
        read_lock(tmp_path)


def test_locked_images_are_pinned_and_those_with_another_tag_are_not() -> None:
    found = parse(VALID, lock_of(POSTGRES, "docker.io/flagsmith/flagsmith:2.264.0"))
    assert found.postgres_image == f"postgres:17.11-bookworm@{ONE}"
    assert found.image_reference == "flagsmith/flagsmith:2.265.0"


def test_the_lock_of_an_image_serves_its_mirror() -> None:
    found = parse({**VALID, "registryMirror": "mirror.example.com/hub"}, lock_of(POSTGRES))
    assert found.postgres_image == f"mirror.example.com/hub/library/postgres:17.11-bookworm@{ONE}"
    assert found.images["postgres"].source == POSTGRES


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        ("postgres", "docker.io/library/postgres:1"),
        ("flagsmith/flagsmith", "docker.io/flagsmith/flagsmith:1"),
        ("docker.io/postgres", "docker.io/library/postgres:1"),
        ("index.docker.io/library/postgres", "docker.io/library/postgres:1"),
        ("registry.example.com:5000/a/b", "registry.example.com:5000/a/b:1"),
        ("localhost/a", "localhost/a:1"),
    ],
)
def test_an_image_has_one_full_name(repository: str, name: str) -> None:
    assert full_name(repository, "1") == name


def test_a_digest_in_the_settings_wins_and_must_agree_with_the_lock() -> None:
    stated = {"postgres": {"image": f"postgres:17.11-bookworm@{OTHER}"}}
    assert parse({**VALID, **stated}).postgres_image == f"postgres:17.11-bookworm@{OTHER}"
    entry = parse_lock(ENTRY)
    with pytest.raises(SettingsError) as caught:
        parse({**VALID, **stated}, entry)
    (line,) = caught.value.lines
    assert line.startswith('feature-flags:postgres.image = "postgres:17.11-bookworm@sha256:2222')
    assert f"has a different digest than line 4 of {LOCK_FILE} has for {POSTGRES}, {ONE}" in line
    agreeing = {"postgres": {"image": f"postgres:17.11-bookworm@{ONE}"}}
    assert parse({**VALID, **agreeing}, entry).images["postgres"].is_stated


def test_production_warns_of_what_is_not_locked_and_only_production_does() -> None:
    def warned(**values: object) -> list[str]:
        found = list(warnings(parse({**VALID, **values}, lock_of(POSTGRES))))
        return [text for text in found if text.startswith("not locked: ")]

    assert warned() == []
    production = {"production": True, "protect": True}
    (text,) = warned(**production)
    assert "docker.io/flagsmith/flagsmith:2.265.0, docker.io/library/redis:8.2.9-bookworm" in text
    assert "library/postgres" not in text
    assert "run `ff images lock`" in text
    names = [image.source for image in parse({**VALID, **production}).images.values()]
    locked = parse({**VALID, **production}, lock_of(*names))
    assert not [text for text in warnings(locked) if text.startswith("not locked: ")]
