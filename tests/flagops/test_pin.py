"""The line of a project's requirements that says which release of the platform it is of."""

from pathlib import Path

import pytest

from flagops.errors import BadInputError
from flagops.pin import parse, pinned

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("line", "version", "commit"),
    [
        ("feature-flags==0.2.0", "0.2.0", None),
        ("feature-flags == 0.2.0  # the platform", "0.2.0", None),
        ("feature-flags==0.2.0; python_version >= '3.11'", "0.2.0", None),
        ("feature-flags @ git+https://github.com/footanalytics/feature-flags@v0.2.0", "0.2.0", None),
        ("feature-flags@git+ssh://git@git.example.com/team/flags.git@v1.0.0rc1", "1.0.0rc1", None),
        (f"feature-flags @ git+https://git.example.com/flags.git@{COMMIT}", None, COMMIT[:12]),
        ("feature-flags @ https://example.com/feature_flags-0.2.0-py3-none-any.whl#sha256=00ff", "0.2.0", None),
        ("feature-flags @ file:///srv/feature_flags-0.2.0-py3-none-any.whl", "0.2.0", None),
        ("./vendor/feature_flags-0.2.0-py3-none-any.whl", "0.2.0", None),
        ("feature-flags==0.2.0 --hash=sha256:00ff --hash=sha256:11ff", "0.2.0", None),
        ("feature-flags==0.2.0 \\", "0.2.0", None),
        ("Feature_Flags==0.2.0", "0.2.0", None),
        ("feature.flags @ git+https://git.example.com/flags.git@v0.2.0", "0.2.0", None),
    ],
)
def test_what_names_a_release(line: str, version: str | None, commit: str | None) -> None:
    pin = parse(line)
    assert pin is not None
    assert (pin.version, pin.commit) == (version, commit)
    assert "--hash" not in pin.requirement, "which pip takes from files alone"


@pytest.mark.parametrize(
    "line", ["", "# feature-flags==1", "pulumi>=3", "feature-flags-co==1.0", "feature-flags.x==1", "-r other.txt"]
)
def test_other_lines_are_about_something_else(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "feature-flags",
        "feature-flags>=0.1",
        "Feature_Flags>=0.1",
        "feature-flags[all]>=0.1",
        "feature-flags==0.*",
        "feature-flags @ git+https://github.com/footanalytics/feature-flags",
        "feature-flags @ git+https://github.com/footanalytics/feature-flags@main",
    ],
)
def test_what_would_be_another_release_tomorrow_is_refused(line: str) -> None:
    with pytest.raises(BadInputError, match="names no release of feature-flags") as error:
        parse(line)
    assert "@v" in (error.value.hint or "")


def test_a_project_says_it_once_or_not_at_all(tmp_path: Path) -> None:
    assert pinned(tmp_path) is None
    path = tmp_path / "requirements.txt"
    path.write_text("# ours\npulumi-aws>=6\nfeature-flags==0.2.0\n", encoding="utf-8")
    found = pinned(tmp_path)
    assert found is not None
    assert found.name == "0.2.0"
    path.write_text("feature-flags==0.2.0\nfeature-flags==0.3.0\n", encoding="utf-8")
    with pytest.raises(BadInputError, match="names feature-flags twice"):
        pinned(tmp_path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadInputError, match="is not UTF-8 text"):
        pinned(tmp_path)
