"""The generated page of the documentation: every setting, from the model itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from components.settings import PROJECT, Amount, Resources, Settings, releases
from components.settings.references import SecretByName
from components.settings.schema import model_of, unwrap
from components.settings.sections.network_policy import Outgoing
from components.settings.sizes import SIZES
from components.settings.types import Kind
from components.text.versions import dotted

PAGE = "docs/configuration.md"

_HEAD = f"""\
<!-- Written by `ff docs` from the settings' model: change that, not this page. -->
# Configuration

This page lists every setting of a stack. They are in `Pulumi.<stack>.yaml`, under `config:`, each with the project's
name before it:

```yaml
config:
  {PROJECT}:host: flags.example.com
  {PROJECT}:context: my-cluster
  {PROJECT}:ingress:
    className: traefik
    tls:
      from: issuer
      clusterIssuer: letsencrypt
```

`pulumi config set --path '{PROJECT}:ingress.tls.clusterIssuer' letsencrypt` writes the same. Numbers and
booleans may be in quotes. A key that is left out has its default. Null, an unknown key and a key of another mode are
refused. All mistakes are reported together, before anything is deployed:

```
{PROJECT}:postgres.storage.size = "20 gigs": must be a Kubernetes quantity such as 20Gi
```

No setting is a secret: passwords, keys and URLs with passwords are in Kubernetes Secrets, which the program generates
or which you name. An existing Secret must be in the stack's namespace. A **required** key of an optional section is
required only if you write that section.
"""


@dataclass(frozen=True)
class SettingRow:
    """One row of the page: a key in full, its type, its default and its meaning, in Markdown."""

    key: str
    kind: str
    default: str
    meaning: str


def configuration_page() -> str:
    """Return the page `docs/configuration.md`."""
    parts = [_HEAD, "## Single values\n", _table(_single(Settings))]
    for field in Settings.model_fields.values():
        section = model_of(field.annotation)
        if section is not None and field.alias is not None and not _is_map(field):
            summary = (section.__doc__ or "").strip().split("\n\n")[0]
            parts += [f"## {field.alias}\n", f"{summary}\n", _table(entries(section, field.alias))]
    parts += ["## Sizes\n", _sizes(), "## Releases of Flagsmith\n", _releases()]
    return "\n".join(parts)


def entries(model: type[BaseModel], prefix: str = "") -> Iterator[SettingRow]:
    """Yield a row for every key of a section, those of its sub-sections included."""
    for field in model.model_fields.values():
        key = f"{prefix}.{field.alias}" if prefix else str(field.alias)
        section = model_of(field.annotation)
        meaning = field.description or ""
        if section is None:
            yield SettingRow(key, _kind(field), _default(field), meaning)
        elif section is Amount:
            yield SettingRow(key, "map: `cpu`, `memory`", _amount(field), meaning)
        elif section is Resources and prefix:
            yield SettingRow(key, "map, as [resources](#resources)", "", meaning)
        elif section is Outgoing:
            yield SettingRow(key, "map: `to` (list, as `networkPolicy.clients`), `port`", "", meaning)
        else:
            yield SettingRow(f"{key}{_suffix(field)}", _container(field), _default(field), meaning)
            yield from entries(section, f"{key}{_suffix(field)}")


def _single(model: type[BaseModel]) -> Iterator[SettingRow]:
    for entry in entries(model):
        if "." not in entry.key or entry.key.startswith("envFromSecrets"):
            field = next((field for field in model.model_fields.values() if field.alias == entry.key), None)
            if field is None or model_of(field.annotation) is None:
                yield entry


def _is_map(field: FieldInfo) -> bool:
    return get_origin(unwrap(field.annotation)) is dict


def _suffix(field: FieldInfo) -> str:
    origin = get_origin(unwrap(field.annotation))
    return {tuple: "[]", dict: ".*"}.get(origin, "") if origin else ""


def _container(field: FieldInfo) -> str:
    section = model_of(field.annotation)
    by_name = section is not None and issubclass(section, SecretByName)
    return {"[]": "list", ".*": "map by name"}.get(_suffix(field), "name of a Secret, or map" if by_name else "map")


def _kind(field: FieldInfo) -> str:
    return _kind_of(field.annotation, field.metadata)


def _kind_of(annotation: Any, metadata: Any) -> str:
    named = [item.text for item in metadata if isinstance(item, Kind)]
    if named:
        return str(named[-1])
    arguments = get_args(annotation)
    for part in arguments:
        if part is not type(None) and hasattr(part, "__metadata__"):
            inner = _kind_of(part.__origin__, part.__metadata__)
            return _plural(get_origin(annotation), inner)
    plain = unwrap(annotation)
    if get_origin(plain) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(plain))
    if plain is not annotation:
        return _kind_of(plain, ())
    return "map" if get_origin(plain) is dict else str(getattr(plain, "__name__", plain))


def _plural(origin: Any, inner: str) -> str:
    return {tuple: f"list: {inner}", dict: "map by name: text"}.get(origin, inner)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.default
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, BaseModel):
        return ""
    return f"`{json.dumps(value) if not isinstance(value, str) else value}`" if value != () else "none"


def _amount(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    return ", ".join(f"`{value}`" for value in field.default.as_dict().values()) if field.default else ""


def _table(rows: Iterator[SettingRow]) -> str:
    lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    lines += [f"| `{row.key}` | {row.kind} | {row.default} | {row.meaning} |".replace("  ", " ") for row in rows]
    return "\n".join(lines) + "\n"


def _both(resources: Resources) -> list[str]:
    requests, limits = resources.requests, resources.limits
    return [f"{requests.cpu} / {limits.cpu}", f"{requests.memory} / {limits.memory}"]


def _sizes() -> str:
    columns = (
        "size|API pods|autoscaler|CPU|memory|task processors|CPU|memory|PostgreSQL CPU|memory|connections|"
        "Redis CPU|memory|proxies of the edge|autoscaler|CPU|memory"
    )
    lines = [
        "From the sizing guide of Flagsmith's vendor, and never fewer than 3 API replicas. Requests / limits:",
        "",
        f"| {columns.replace('|', ' | ')} |",
        f"|{'---|' * (columns.count('|') + 1)}",
    ]
    for name, size in SIZES.items():
        cells = [
            f"`{name}`",
            str(size.replicas),
            " to ".join(map(str, size.autoscaling)),
            *_both(size.api),
            str(size.task_processor_replicas),
            *_both(size.task_processor),
            *_both(size.postgres),
            str(size.max_connections),
            *_both(size.redis),
            str(size.edge_replicas),
            " to ".join(map(str, size.edge_autoscaling)),
            *_both(size.edge),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _releases() -> str:
    oldest, newest = dotted(releases.OLDEST), dotted(releases.NEWEST_VERIFIED)
    rows = {
        releases.FIRST_WITH_REDIS: "Redis (`django-redis`)",
        releases.OLDEST: "`start task-processor`, the command of the task processor; the oldest allowed",
        releases.FIRST_WITH_METRICS_PORT: "metrics on a port of their own, which monitoring needs",
        releases.FIRST_WITH_JSON_ACCESS_LOG: "its access log in JSON (`logs.access`)",
        releases.FIRST_WITH_TRACING: "traces (`tracing`)",
        releases.FIRST_WITH_TRACING_BY_GRPC: "traces by gRPC",
        releases.NEWEST_VERIFIED: "the newest release tried with this program",
    }
    table = "\n".join(f"| {dotted(version)} | {text} |" for version, text in rows.items())
    return (
        f"A release before {oldest} is refused; one after {newest} is deployed with a warning.\n\n"
        f"| from | what it has |\n|---|---|\n{table}\n"
    )
