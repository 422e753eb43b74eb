"""What would be refused later, read by nobody, or was meant otherwise, is said at preview."""

from pathlib import Path

import pytest

from components.settings import SettingsError, parse
from components.settings.prefixes import misspelt
from components.settings.reserved import is_ours, refusal_of, reservation
from flagops.stacks.files import load_stack
from tests.components.settings.support import VALID


def refused(**values: object) -> str:
    with pytest.raises(SettingsError) as error:
        parse({**VALID, **values})
    return str(error.value)


def test_a_name_where_a_map_stands_is_answered_with_the_map() -> None:
    assert refused(namespace="demo") == "feature-flags:namespace: must be a map: write `namespace: {name: demo}`"
    assert "must be a map or a list" in refused(redis="demo")


@pytest.mark.parametrize("section", ["env", "envFromSecrets"])
def test_a_variable_that_nothing_reads_is_refused_with_the_reason(section: str) -> None:
    value = "http://influx" if section == "env" else {"name": "influx", "key": "url"}
    assert "has no effect here, because analytics are in PostgreSQL" in refused(**{section: {"INFLUXDB_URL": value}})


@pytest.mark.parametrize(
    ("name", "value", "is_taken"),
    [
        ("LOG_LEVEL", "DEBUG", True),
        ("LOG_LEVEL", "chatty", False),
        ("PROMETHEUS_ENABLED", "true", True),
        ("PROMETHEUS_ENABLED", "false", False),
        ("USE_POSTGRES_FOR_ANALYTICS", "true", True),
        ("TASK_RUN_METHOD", "SYNCHRONOUSLY", False),
    ],
)
def test_what_is_harmless_is_taken(name: str, value: str, is_taken: bool) -> None:
    assert (refusal_of(name, value) is None) is is_taken
    if is_taken:
        parse({**VALID, "env": {name: value}})


def test_what_counts_as_the_program_s_own_value_is_reserved_else() -> None:
    assert is_ours("LOG_FORMAT", "json")
    assert not is_ours("LOG_FORMAT", "text")
    assert reservation("LOG_FORMAT") is not None


@pytest.mark.parametrize(
    "key", ["featureflags:replicas", "feature_flags:replicas", "flagsmith:host", "Feature-Flags:x"]
)
def test_a_key_with_another_name_before_the_colon_is_named(key: str) -> None:
    (line,) = misspelt([key, "feature-flags:host", "aws:region", "kubernetes:namespace", "pulumi:tags"])
    assert line == f"{key}: has no effect: the name before the colon must be feature-flags"


def test_a_key_of_another_provider_or_of_somebody_s_own_program_is_theirs() -> None:
    assert list(misspelt(["docker:host", "postgresql:host", "shop:version", "gcp:labels"], "shop")) == []
    assert list(misspelt(["flags:host", "features:size"], "flags")) == [
        "features:size: has no effect: the name before the colon must be feature-flags"
    ]


def test_a_stack_s_file_with_such_a_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: feature-flags\nruntime: python\n")
    (tmp_path / "Pulumi.odd.yaml").write_text("config:\n  featureflags:replicas: 3\n")
    with pytest.raises(SettingsError, match="featureflags:replicas: has no effect"):
        _ = load_stack("odd", tmp_path).settings


@pytest.mark.parametrize("size", ["1Mi", "255Mi"])
def test_a_volume_that_is_too_small_for_a_database_is_refused(size: str) -> None:
    assert "must be at least 256Mi" in refused(postgres={"storage": {"size": size}})
