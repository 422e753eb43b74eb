"""Stacks as files: `Pulumi.<name>.yaml` beside `Pulumi.yaml`, read without the Pulumi CLI."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.text import quoting
from components.text.plain_secrets import harmless
from flagops.errors import BadInputError, NotFoundError
from flagops.project import FILE, read
from flagops.stacks.pulumi_values import NotForPulumi, as_handed_over, text_handed_over

if TYPE_CHECKING:
    # The settings' model takes a second to import.
    from components.settings import Settings
    from components.settings.lock import Lock


@dataclass(frozen=True)
class Stack:
    """One stack: its name, its own configuration, and the project's defaults for what it leaves out.

    `config` is the `config:` of the stack file as Pulumi reads it, its keys with their project (`feature-flags:host`).
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

    @property
    def harmless(self) -> frozenset[str]:
        """The values of its configuration that look like secrets, of which it says that they are none."""
        prefix = f"{self.project}:"
        return harmless({key.removeprefix(prefix): value for key, value in self.values.items()})

    @cached_property
    def settings(self) -> "Settings":
        """The typed settings of this stack, with the lock file of images beside it; encrypted values count as left out.

        Raises components.settings.SettingsError, which lists every problem.
        """
        # The settings' model takes a second to import.
        from components.settings import read_lock

        return self.settings_with(read_lock(self.path.parent))

    def settings_with(self, lock: "Lock") -> "Settings":
        """The typed settings of this stack with another lock of images; errors as for `settings`."""
        # The settings' model takes a second to import.
        from components.settings import parse

        prefix = f"{self.project}:"
        hidden = set(self.encrypted_keys)
        values = {
            key.removeprefix(prefix): None if value is None else text_handed_over(value)
            for key, value in self.values.items()
            if key.startswith(prefix) and key not in hidden
        }
        return parse(values, lock)


def load_stack(name: str, root: Path) -> Stack:
    """The stack called `name` of the project in `root`; an unknown name is an error that lists the known ones."""
    known = stack_names(root)
    if name not in known:
        listed = ", ".join(known) or "none"
        raise NotFoundError(f"There is no stack {name!r} (Pulumi.{name}.yaml); the stacks here are: {listed}.")
    project_file = read(root / FILE)
    project = project_file.get("name")
    if not isinstance(project, str):
        raise BadInputError(f"{root / FILE} has no `name:`, the project's name.")
    path = root / f"Pulumi.{name}.yaml"
    return Stack(
        name=name,
        project=project,
        config=_section(read(path), path, project),
        defaults=_declared_defaults(_section(project_file, root / FILE, project)),
        path=path,
    )


def stack_names(root: Path) -> list[str]:
    """The names of the stacks which have a file in `root`, sorted."""
    return sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml") if path.name.count(".") == 2)


def _section(content: Mapping[str, Any], path: Path, project: str) -> dict[str, object]:
    config = content.get("config") or {}
    if not isinstance(config, dict):
        raise BadInputError(f"`config:` of {path} must be a mapping of keys to values.")
    found: dict[str, object] = {}
    for key, value in config.items():
        name = _qualified(key, project)
        if name in found:
            twice = f"gives {quoting.key(name)} twice, with the project's name and without"
            raise BadInputError(f"`config:` of {path} {twice}; remove one.")
        try:
            found[name] = as_handed_over(value)
        except NotForPulumi as error:
            raise BadInputError(f"{quoting.key(name)} in {path} is or holds {error}.") from None
    return found


def _qualified(key: str, project: str) -> str:
    """A key as Pulumi knows it: with the project's name, which a file may leave out, and without its old `config:`."""
    namespace, colon, name = key.partition(":")
    return f"{namespace}:{name.removeprefix('config:')}" if colon else f"{project}:{key}"


def _declared_defaults(declared: Mapping[str, object]) -> dict[str, object]:
    defaults: dict[str, object] = {}
    for key, declaration in declared.items():
        if not isinstance(declaration, dict):
            defaults[key] = declaration
        elif "value" in declaration:
            defaults[key] = declaration["value"]
        elif "default" in declaration:
            defaults[key] = declaration["default"]
    return defaults


def _is_encrypted(value: object) -> bool:
    if isinstance(value, dict):
        is_secret = set(value) == {"secure"} and isinstance(value["secure"], str)
        return is_secret or any(_is_encrypted(item) for item in value.values())
    return isinstance(value, list) and any(_is_encrypted(item) for item in value)
