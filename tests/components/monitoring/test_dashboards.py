"""The dashboards' ConfigMaps: there in production, found by the sidecar, and nowhere else."""

import json

from components.monitoring.dashboards.model import Dashboard
from tests.recording import Recording, record, recorded


def dashboards(recording: Recording) -> dict[str, dict[str, object]]:
    """The ConfigMaps by the dashboard's name."""
    prefix = "flagsmith-dashboard-"
    found = {item["metadata"]["name"]: item for item in recording.all("ConfigMap")}
    return {name.removeprefix(prefix): item for name, item in found.items() if name.startswith(prefix)}


def test_production_has_all_of_them_with_the_sidecars_label_and_folder() -> None:
    found = dashboards(recorded("production"))
    assert set(found) == set(Dashboard)
    for name, item in found.items():
        assert item["metadata"]["labels"]["grafana_dashboard"] == "1"  # type: ignore[index]
        assert item["metadata"]["annotations"] == {"grafana_folder": "Feature flags"}  # type: ignore[index]
        ((key, text),) = item["data"].items()  # type: ignore[attr-defined]
        assert key == f"flagsmith-{name}.json"
        assert json.loads(text)["uid"].startswith(f"flagsmith-{name}-")


def test_local_has_none_unless_asked_for_and_then_only_those_with_something_to_show() -> None:
    assert not dashboards(recorded("local"))
    found = dashboards(record("local", {"monitoring": {"dashboards": {"enabled": True}}}))
    assert set(found) == {Dashboard.SERVICE, Dashboard.DATA}


def test_the_service_has_a_row_of_the_edge_where_there_is_one() -> None:
    def rows(recording: Recording) -> list[str]:
        (text,) = dashboards(recording)[Dashboard.SERVICE]["data"].values()  # type: ignore[attr-defined]
        return [panel["title"] for panel in json.loads(text)["panels"] if panel["type"] == "row"]

    without = rows(recorded("production"))
    assert "Edge" not in without
    assert sorted(rows(record("production", {"edge": {"enabled": True}}))) == sorted([*without, "Edge"])


def test_the_data_tier_has_a_row_of_a_cluster_and_its_volumes_and_of_its_archive_where_there_is_one() -> None:
    def titles(backup: bool) -> list[str]:
        postgres = {"mode": "cloudnativepg", "cluster": {"instances": 2, "backup": {"enabled": True} if backup else {}}}
        settings = {
            "postgres": postgres,
            "backup": {"s3": {"bucket": "backups", "existingSecret": "s3"}},
            "monitoring": {"enabled": True},
            "apiVersions": ["postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1"],
        }
        (text,) = dashboards(record("local", settings))[Dashboard.DATA]["data"].values()  # type: ignore[attr-defined]
        return [panel["title"] for panel in json.loads(text)["panels"]]

    assert {"Cluster", "Servers", "Volumes", "Archive"} <= set(titles(backup=True))
    assert "Archive" not in titles(backup=False)
    (text,) = dashboards(recorded("production"))[Dashboard.DATA]["data"].values()  # type: ignore[attr-defined]
    assert "Cluster" not in [panel["title"] for panel in json.loads(text)["panels"]]


def test_labels_and_folder_are_settings() -> None:
    section = {
        "enabled": True,
        "labels": {"team/board": "yes"},
        "folderAnnotation": "team/folder",
        "folder": "F",
    }
    for item in dashboards(record("local", {"monitoring": {"dashboards": section}})).values():
        metadata = item["metadata"]
        assert metadata["labels"]["team/board"] == "yes"  # type: ignore[index]
        assert "grafana_dashboard" not in metadata["labels"]  # type: ignore[index]
        assert metadata["annotations"] == {"team/folder": "F"}  # type: ignore[index]


def test_external_servers_are_shown_when_their_exporters_can_log_in() -> None:
    external = {"mode": "external", "existingSecret": "server"}
    settings = {"postgres": external, "redis": external, "backup": {"enabled": False}}
    watched = {"monitoring": {"enabled": True, "postgres": {"existingSecret": "metrics"}}}
    assert Dashboard.DATA not in dashboards(record("local", {**settings, "monitoring": {"enabled": True}}))
    ((_, text),) = dashboards(record("local", {**settings, **watched}))[Dashboard.DATA]["data"].items()  # type: ignore[attr-defined]
    assert "pg_up" in text
    assert "redis_up" not in text
    assert "kubelet_volume_stats" not in text
