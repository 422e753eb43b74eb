"""Stacks as files: `Pulumi.<name>.yaml` beside `Pulumi.yaml`, read without the Pulumi CLI."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from components.text import quoting
from components.text.plain_secrets import harmless
from flagops.errors import BadInputError, NotFoundError
from flagops.project import FILE, parsed, read
from flagops.stacks.pulumi_values import NotForPulumi, as_handed_over, text_handed_over

if TYPE_CHECKING:
    # The settings' model takes a second to import.
    from components.settings import Settings
    from components.settings.lock import Lock


NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""A stack's name, as Pulumi takes it; a dot would end it, in the name of its file."""


@dataclass(frozen=True)
class Stack:
    """One stack: its name, its own configuration, and the project's defaults for what it leaves out.

    `config` is the `config:` of the stack file as Pulumi reads it, its keys with their project (`feature-flags:host`).
    `defaults` are the values which `Pulumi.yaml` declares, which the CLI too fills in.
    `organisation` is that of Pulumi's backend, if it was named.
    """

    name: str
    project: str
    config: Mapping[str, object]
    defaults: Mapping[str, object]
    path: Path
    organisation: str = ""

    @property
    def for_pulumi(self) -> str:
        """The name by which Pulumi selects it: in full, if it was given so."""
        return f"{self.organisation}/{self.project}/{self.name}" if self.organisation else self.name

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

    def with_text(self, text: str) -> "Stack":
        """The stack as it would be with this text in its file. Raises OpsError for a text that is none of a stack."""
        return replace(self, config=_section(parsed(text, self.path), self.path, self.project))

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
        from components.settings import SettingsError, parse
        from components.settings.errors import PROJECT
        from components.settings.prefixes import misspelt

        foreign = list(misspelt(self.config)) if self.project == PROJECT else []
        if foreign:
            raise SettingsError(foreign)
        prefix = f"{self.project}:"
        hidden = set(self.encrypted_keys)
        values = {
            key.removeprefix(prefix): None if value is None else text_handed_over(value)
            for key, value in self.values.items()
            if key.startswith(prefix) and key not in hidden
        }
        return parse(values, lock)


def load_stack(name: str, root: Path) -> Stack:
    """The stack called `name` of the project in `root`; an unknown name is an error that lists the known ones.

    `name` may be in full, as Pulumi Cloud and `pulumi stack` say it: organisation/stack, organisation/project/stack.
    """
    known = stack_names(root)
    *full, name = name.split("/")
    if name not in known:
        listed = ", ".join(known) or "none"
        raise NotFoundError(f"There is no stack {name!r} (Pulumi.{name}.yaml); the stacks here are: {listed}.")
    project_file = read(root / FILE)
    project = project_file.get("name")
    if not isinstance(project, str):
        raise BadInputError(f"{root / FILE} has no `name:`, the project's name.")
    if len(full) > 2 or not all(map(NAME.fullmatch, full[:1])) or (len(full) == 2 and full[1] != project):
        raise NotFoundError(
            f"The stack {'/'.join([*full, name])!r} is not of this project, which is {project!r}.",
            hint=f"In full it is ORGANISATION/{project}/{name}; {name} alone will do.",
        )
    path = root / f"Pulumi.{name}.yaml"
    return Stack(
        name=name,
        project=project,
        config=_section(read(path), path, project),
        defaults=_declared_defaults(_section(project_file, root / FILE, project)),
        path=path,
        organisation=full[0] if full else "",
    )


def stack_names(root: Path) -> list[str]:
    """The names of the stacks which have a file in `root`, sorted."""
    names = (path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml") if path.name.count(".") == 2)
    return sorted(name for name in names if NAME.fullmatch(name))


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
