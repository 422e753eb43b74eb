"""Which settings lose data when they change, in the words of Pulumi's provider; found by trying every one of them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from components.deployment.kept_data import HOLDS_DATA, claims, losses, replacing_changes, shrinking, way_out
from components.settings import Settings, parse
from components.settings.checks.role import OF_AN_EDGE
from components.settings.schema import model_of, unwrap
from flagops.stacks.files import load_stack
from tests.recording import ROOT, STACKS, Recording, record, recorded
from tests.scanners.rendered import OUTSIDE

POSTGRES, BACKUP = "flagsmith-postgres-data", "flagsmith-backup-data"
# What becomes of data when a setting changes: a claim or the namespace replaced, or gone without another in its place.
RISKY: Mapping[str, tuple[object, set[str]]] = {
    "namespace.name": ("other", {"replaced: everything"}),  # what tells the cluster is the namespace by default
    "clusterIdentifier": ("other", {"replaced: everything"}),
    "role": ("edge", {f"gone: {POSTGRES}", f"gone: {BACKUP}"}),  # refused where a whole Flagsmith is on record
    "postgres.mode": ("external", {f"gone: {POSTGRES}"}),
    "postgres.storage.className": ("other", {f"replaced: {POSTGRES}"}),
    "postgres.storage.size": ("1Gi", {f"shrunk: {POSTGRES}", f"shrunk: {BACKUP}"}),
    "backup.enabled": (False, {f"gone: {BACKUP}"}),
    "backup.s3": ({"bucket": "b-other", "existingSecret": "s3"}, {f"gone: {BACKUP}"}),
    "backup.storage.className": ("other", {f"replaced: {BACKUP}"}),
    "backup.storage.size": ("1Gi", {f"shrunk: {BACKUP}"}),
}


def stated(stack: str) -> dict[str, Any]:
    values = load_stack(stack, ROOT).values
    return {key.partition(":")[2]: value for key, value in values.items() if key.startswith("feature-flags:")}


def put(values: Mapping[str, Any], key: str, value: object) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(values))
    place = copy
    *path, last = key.split(".")
    for part in path:
        place[part] = place[part] if isinstance(place.get(part), dict) else {}
        place = place[part]
    place[last] = value
    return copy


def fate(before: Recording, after: Recording) -> set[str]:
    """What becomes of what holds data, when one program follows the other."""
    found = set()
    old_provider, new_provider = (
        next(item for item in recording.registrations.values() if item.type == "pulumi:providers:kubernetes")
        for recording in (before, after)
    )
    if old_provider.inputs["clusterIdentifier"] != new_provider.inputs["clusterIdentifier"]:
        return {"replaced: everything"}
    new = {urn.rpartition("$")[2]: item.inputs for urn, item in after.registrations.items()}
    for urn, item in before.registrations.items():
        kind, _, name = item.inputs.get("kind"), item, (item.inputs.get("metadata") or {}).get("name")
        if kind not in HOLDS_DATA:
            continue
        called = name if kind == "PersistentVolumeClaim" else f"{kind} {name}"
        successor = new.get(urn.rpartition("$")[2])
        if successor is None:
            found.add(f"gone: {called}")
        elif replacing_changes(item.inputs, successor):
            found.add(f"replaced: {called}")
        elif kind == "PersistentVolumeClaim" and list(shrinking(successor, item.inputs)):
            found.add(f"shrunk: {called}")
    return found


@pytest.mark.parametrize("key", RISKY)
def test_what_a_risky_setting_does_to_data(key: str) -> None:
    value, expected = RISKY[key]
    base = put(stated("staging"), "backup.enabled", True)
    base = put(put(base, "postgres.storage.size", "10Gi"), "backup.storage.size", "10Gi")
    if key == "postgres.storage.size":
        del base["backup"]["storage"]  # it follows the database's
    changed = put(base, key, value)
    if key == "postgres.mode":
        changed["postgres"] = {"mode": "external", "existingSecret": "database"}
    if key == "backup.s3":
        del changed["backup"]["storage"]
    if key == "role":
        known = {field.alias for name, field in Settings.model_fields.items() if name in OF_AN_EDGE}
        primary = {"url": "https://primary.example.com"}
        changed = {name: item if name in known else None for name, item in changed.items()}
        changed["edge"] = {"enabled": True, "existingSecret": "edge", "primary": primary}
    assert fate(record("staging", base), record("staging", changed)) == expected


def test_a_stack_that_changes_in_all_other_respects_keeps_its_data_where_it_is() -> None:
    base = stated("production")
    changed = base | {
        "host": "other.example.com",
        "version": "2.264.0",
        "image": "registry.example.com/flagsmith",
        "registryMirror": "mirror.example.com",
        "imagePullSecrets": ["other"],
        "size": "large",
        "replicas": 5,
        "resources": {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"cpu": "3", "memory": "4Gi"}},
        "gunicorn": {"timeout": 45, "workers": 2},
        "taskProcessor": {"replicas": 3},
        "namespace": {"quota": {"pods": 200}},
        "admin": {"email": "other@example.com", "organisation": "Other"},
        "rotations": {"postgres": 1, "redis": 1, "django": 1, "admin": 1},
        "postgres": {**base["postgres"], "version": "17.6-bookworm", "maxConnections": 300},
        "redis": {"evictionPolicy": "volatile-lru"},
        "backup": {**base.get("backup", {}), "schedule": "0 3 * * *", "keep": 3, "encryption": {"name": "passphrase"}},
        "audit": {"export": {"sink": "stdout"}},
        "monitoring": {"enabled": True, "interval": 77},
        "telemetry": True,
        "env": {"OTHER": "1"},
        "scheduling": {"nodeSelector": {"other": "x"}},
        "logs": {"access": "none"},
    }
    before = record("production", base)
    assert fate(before, record("production", changed)) == set()
    kinds = {item.inputs.get("kind") for item in before.registrations.values()}
    assert set(HOLDS_DATA) - {"Cluster"} < kinds


def leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of the model with its type, those of optional sections too."""
    for name, field in model.model_fields.items():
        section = model_of(field.annotation)
        is_one = section is not None and get_origin(unwrap(field.annotation)) is None
        if is_one and section is not None:
            yield from leaves(section, (*path, name))
        yield (*path, name), field.annotation


def other(annotation: Any, current: object) -> object:
    """Another value of a type, whether or not it goes with the rest."""
    annotation = unwrap(annotation)
    if get_origin(annotation) in (tuple, dict):
        return get_origin(annotation)()
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_construct()
    choices = [choice for choice in get_args(annotation) if isinstance(choice, str) and choice != current]
    if choices:
        return choices[0]
    if isinstance(current, bool):
        return not current
    return 77 if isinstance(current, int) else "7Gi" if current != "7Gi" else "8Gi"


def with_other(settings: BaseModel, path: tuple[str, ...], annotation: Any) -> BaseModel | None:
    name, *rest = path
    current = getattr(settings, name, None)
    if not rest:
        return settings.model_copy(update={name: other(annotation, current)})
    if not isinstance(current, BaseModel):
        return None  # an optional section that is not there: its own key is tried
    inner = with_other(current, tuple(rest), annotation)
    return None if inner is None else settings.model_copy(update={name: inner})


def keys_of(settings: Settings, path: tuple[str, ...]) -> str:
    model: type[BaseModel] = type(settings)
    names = []
    for name in path:
        names.append(str(model.model_fields[name].alias or name))
        model = model_of(model.model_fields[name].annotation) or model
    return ".".join(names)


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_every_value_of_the_settings_is_known_by_whether_it_matters_to_data(stack: str) -> None:
    settings = parse(stated(stack))
    wanted = claims(settings), settings.namespace.name, settings.resolved_cluster_identifier
    risky = set()
    for path, annotation in leaves(Settings):
        changed = with_other(settings, path, annotation)
        if isinstance(changed, Settings):
            now = claims(changed), changed.namespace.name, changed.resolved_cluster_identifier
            if now != wanted:
                risky.add(keys_of(settings, path))
    sections = {key.rpartition(".")[0] for key in RISKY} | {"postgres", "backup", "namespace", ""}
    assert risky - sections <= set(RISKY)
    assert risky >= set(RISKY) - {"backup.s3"}


@pytest.mark.parametrize(
    ("stack", "overrides"),
    [*((stack, {}) for stack in STACKS), ("production", OUTSIDE), ("staging", {"backup": {"enabled": False}})],
    ids=["local", "staging", "production", "data outside", "no backups"],
)
def test_the_claims_are_those_of_the_program(stack: str, overrides: Mapping[str, object]) -> None:
    recording = record(stack, overrides) if overrides else recorded(stack)
    base = stated(stack) | dict(overrides)
    declared = {item["metadata"]["name"]: item["spec"] for item in recording.all("PersistentVolumeClaim")}
    assert {claim["metadata"]["name"]: claim["spec"] for claim in claims(parse(base))} == declared


def live(
    manifest: dict[str, Any], *, states: tuple[str, ...], manager: str = "pulumi-kubernetes-1a2b"
) -> dict[str, Any]:
    entry = {"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": {f"f:{key}": {} for key in states}}}
    return {**manifest, "metadata": {**manifest["metadata"], "managedFields": [entry]}}


def claim(size: str = "10Gi", class_name: str | None = None) -> dict[str, Any]:
    spec: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if class_name:
        spec["storageClassName"] = class_name
    metadata = {"name": POSTGRES, "namespace": "feature-flags"}
    return {"kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


BOTH, ONE = ("accessModes", "storageClassName"), ("accessModes",)


@pytest.mark.parametrize(
    ("there", "wanted", "reasons"),
    [
        (live(claim(class_name="fast"), states=BOTH), claim(class_name="fast"), []),
        (live(claim(class_name="standard"), states=ONE), claim(), []),
        (live(claim(class_name="fast"), states=BOTH), claim(class_name="slow"), ["is 'fast' and would be 'slow'"]),
        (live(claim(class_name="fast"), states=BOTH), claim(), ["'fast', was stated and would be left to the cluster"]),
        (
            live(claim(class_name="standard"), states=ONE),
            claim(class_name="standard"),
            ["'standard', was left to the cluster and would be stated, 'standard'"],
        ),
        (live(claim("10Gi"), states=ONE), claim("10240Mi"), []),
        (live(claim("10Gi"), states=ONE), claim("11Gi"), []),
        (live(claim("10Gi"), states=ONE), claim("9Gi"), ["cannot shrink from 10Gi to 9Gi"]),
    ],
)
def test_what_pulumi_would_replace_is_told_from_what_was_declared_before(
    there: dict[str, Any], wanted: dict[str, Any], reasons: list[str]
) -> None:
    found = list(losses(wanted, there, by_statement=True))
    assert len(found) == len(reasons)
    assert all(reason in text for reason, text in zip(reasons, found, strict=True))


def test_stating_the_class_that_a_claim_has_is_no_loss_where_only_the_cluster_is_compared() -> None:
    there = live(claim(class_name="standard"), states=ONE, manager="ff-direct")
    assert list(losses(claim(class_name="standard"), there, by_statement=False)) == []
    assert list(losses(claim(class_name="fast"), there, by_statement=False)) != []


def test_what_is_being_deleted_is_said_to_be_lost_already() -> None:
    there = live(claim(), states=ONE)
    there["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    (reason,) = losses(claim(), there, by_statement=True)
    assert "is being deleted" in reason
    assert "ff db backup" in reason


def test_the_way_out_is_a_section_of_the_page_about_backups() -> None:
    page = (ROOT / "docs" / "backups.md").read_text()
    for name in (POSTGRES, BACKUP):
        assert "docs/backups.md#another-volume" in way_out("PersistentVolumeClaim", name, "feature-flags")
    assert "## Another volume\n" in page
