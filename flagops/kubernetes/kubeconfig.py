"""The user's kubeconfig, read as far as it takes to say what is wrong with it."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.text import bounds, yaml12
from flagops.errors import NoAccessError
from flagops.homes import expanded

HINT = "Set KUBECONFIG to the file your cluster's provider gave you: one with clusters, users and contexts."


@dataclass
class Kubeconfig:
    """What the files of `source` hold together, by name; of entries of the same name the first counts."""

    source: str
    clusters: dict[str, Any] = field(default_factory=dict)
    contexts: dict[str, Any] = field(default_factory=dict)
    users: dict[str, Any] = field(default_factory=dict)

    def plugin(self, context: str) -> str | None:
        """The command of the credential plugin that the context's user needs; one that is not there is an error."""
        user = self.users.get(str((self.contexts[context].get("context") or {}).get("user"))) or {}
        asked = (user.get("user") or {}).get("exec") or {}
        command = asked.get("command")
        if not command:
            return None
        # As the client library runs it: from the directory of the kubeconfig.
        found = (user["directory"] / command).exists() if os.sep in command else shutil.which(command)
        if not found:
            hint = asked.get("installHint") or "Install it, or use a kubeconfig with a token or a certificate."
            raise NoAccessError(
                f"The context {context!r} of {self.source} needs the credential plugin {command!r}, which is not "
                "there.",
                hint=str(hint).strip(),
            )
        return str(command)


def read(source: str) -> Kubeconfig:
    """The kubeconfig at `source`, a path or several as `KUBECONFIG` joins them, of which one must be there.

    Raises NoAccessError when there is none, or one that cannot be used.
    """
    paths = [expanded(part) for part in source.split(os.pathsep) if part]
    there = [path for path in paths if path is not None and path.exists()]
    if not there:
        raise NoAccessError(f"There is no kubeconfig at {source}.", hint=HINT)
    result = Kubeconfig(source)
    for path in there:
        found = content(path, HINT)
        for section in ("clusters", "contexts", "users"):
            entries: dict[str, Any] = getattr(result, section)
            for entry in _entries(found, section, path):
                entries.setdefault(entry["name"], {**entry, "directory": path.absolute().parent})
    if not result.clusters:
        raise NoAccessError(f"The kubeconfig {source} names no clusters.", hint=HINT)
    return result


def content(path: Path, hint: str | None = None) -> dict[str, Any]:
    """What one file holds. Raises NoAccessError, with `hint`, for one that is no kubeconfig."""
    try:
        found = yaml12.read(bounds.text_of(path))
    except OSError as error:
        raise NoAccessError(f"The kubeconfig {path} cannot be read: {error.strerror}.", hint=hint) from None
    except UnicodeDecodeError:
        raise NoAccessError(f"The kubeconfig {path} is not text.", hint=hint) from None
    except yaml12.YamlError as error:
        # Only where, never the line itself: it may hold a token.
        raise NoAccessError(f"The kubeconfig {path} is not valid YAML (line {error.line}).", hint=hint) from None
    if not isinstance(found, dict):
        raise NoAccessError(f"The kubeconfig {path} is not a kubeconfig: it holds no keys.", hint=hint)
    return found


def _entries(content: dict[str, Any], section: str, path: Path) -> list[dict[str, Any]]:
    entries = content.get(section) or []
    if not isinstance(entries, list) or not all(_is_entry(entry, section) for entry in entries):
        raise NoAccessError(f"`{section}:` of the kubeconfig {path} must be a list of named entries.", hint=HINT)
    return entries


def _is_entry(entry: object, section: str) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        return False
    value = entry.get(section.removesuffix("s"))
    return isinstance(value, dict) or value is None
