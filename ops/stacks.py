"""Stacks as files: `Pulumi.<name>.yaml` beside `Pulumi.yaml`, read without the Pulumi CLI."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ops.errors import OpsError

if TYPE_CHECKING:
    from components.settings import Settings
    from components.settings.lock import Lock

PROJECT_FILE = "Pulumi.yaml"


@dataclass(frozen=True)
class Stack:
    """One stack: its name, its own configuration, and the project's defaults for what it leaves out.

    `config` is the parsed `config:` of the stack file, its keys with their project (`feature-flags:host`).
    `defaults` are the values which `Pulumi.yaml` declares, which the CLI too fills in.
    """

    name: str
    project: str
    config: Mapping[str, object]
    defaults: Mapping[str, object]
    path: Path

    @property
    def values(self) -> dict[str, object]:
        """What the program sees: the project's defaults, overridden by the stack's own configuration."""
        return {**self.defaults, **self.config}

    @property
    def encrypted_keys(self) -> list[str]:
        """Keys whose value is (or holds) a `secure:` value, which only the Pulumi CLI can decrypt."""
        return [key for key, value in self.config.items() if _is_encrypted(value)]

    @cached_property
    def settings(self) -> "Settings":
        """The typed settings of this stack, with the lock file of images beside it; encrypted values count as left out.

        Raises components.settings.SettingsError, which lists every problem.
        """
        from components.settings import read_lock

        return self.settings_with(read_lock(self.path.parent))

    def settings_with(self, lock: "Lock") -> "Settings":
        """The typed settings of this stack with another lock of images; errors as for `settings`."""
        from components.settings import parse

        prefix = f"{self.project}:"
        hidden = set(self.encrypted_keys)
        values = {k.removeprefix(prefix): v for k, v in self.values.items() if k.startswith(prefix) and k not in hidden}
        return parse(values, lock)


def load_stack(name: str, root: Path) -> Stack:
    """The stack called `name` of the project in `root`; an unknown name is an error that lists the known ones."""
    known = stack_names(root)
    if name not in known:
        listed = ", ".join(known) or "none"
        raise OpsError(f"There is no stack {name!r} (Pulumi.{name}.yaml); the stacks here are: {listed}.")
    project_file = _read_yaml(root / PROJECT_FILE)
    project = project_file.get("name")
    if not isinstance(project, str):
        raise OpsError(f"{root / PROJECT_FILE} has no `name:`, the project's name.")
    path = root / f"Pulumi.{name}.yaml"
    return Stack(
        name=name,
        project=project,
        config=_qualified(_section(_read_yaml(path), path), project),
        defaults=_declared_defaults(_section(project_file, root / PROJECT_FILE), project),
        path=path,
    )


def stack_names(root: Path) -> list[str]:
    """The names of the stacks which have a file in `root`, sorted."""
    return sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml") if path.name.count(".") == 2)


class _UniqueKeys(yaml.SafeLoader):
    """Safe YAML in which a key given twice is an error; by default the last one silently wins."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Compose a mapping, as the base class does; merges (`<<`) come later, so what they bring is no repetition."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen = set()
        for key_node, _ in node.value:
            key = (key_node.tag, key_node.value) if isinstance(key_node, yaml.ScalarNode) else key_node
            if key in seen:
                raise yaml.composer.ComposerError(
                    None, None, f"the key {key_node.value!r} is given twice; remove one", key_node.start_mark
                )
            seen.add(key)
        return node


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506 a SafeLoader
    except UnicodeDecodeError:
        raise OpsError(f"{path} is not UTF-8 text.", hint="Save it in UTF-8.") from None
    except FileNotFoundError:
        raise OpsError(f"{path} does not exist; run this in the project's directory.") from None
    except OSError as error:
        raise OpsError(f"{path} cannot be read: {error.strerror}.") from None
    except yaml.YAMLError as error:
        raise OpsError(f"{path} is not valid YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise OpsError(f"{path} must be a mapping of keys to values.")
    return content


def _section(content: Mapping[str, Any], path: Path) -> Mapping[str, object]:
    config = content.get("config") or {}
    if not isinstance(config, dict):
        raise OpsError(f"`config:` of {path} must be a mapping of keys to values.")
    for key in config:
        if not isinstance(key, str):
            raise OpsError(
                f"`config:` of {path} has the key {key!r}, which is not text: remove it, or put it in quotes."
            )
    return config


def _qualified(config: Mapping[str, object], project: str) -> dict[str, object]:
    return {key if ":" in key else f"{project}:{key}": value for key, value in config.items()}


def _declared_defaults(declared: Mapping[str, object], project: str) -> dict[str, object]:
    defaults: dict[str, object] = {}
    for key, declaration in _qualified(declared, project).items():
        if not isinstance(declaration, dict):
            defaults[key] = declaration
        elif "value" in declaration:
            defaults[key] = declaration["value"]
        elif "default" in declaration:
            defaults[key] = declaration["default"]
    return defaults


def _is_encrypted(value: object) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_is_encrypted(item) for item in value.values())
    return isinstance(value, list) and any(_is_encrypted(item) for item in value)
