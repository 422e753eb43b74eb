"""What is let be, and why: the file `exceptions.yaml`."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Final

from components.text import bounds, quoting, yaml12

FILE: Final = Path(__file__).parent / "exceptions.yaml"
"""Where they are for the policy pack, which is run in the project, and for a project that has no rules."""
SCANNERS: Final = ("checkov", "kube-score", "policy")
KEYS: Final = frozenset({"scanner", "checks", "reason", "objects"})


class ExceptionsError(Exception):
    """The file cannot be used; the message says which entry, and why."""


@dataclass(frozen=True)
class Excepted:
    """One check of one scanner that some objects need not pass.

    Attributes:
        scanner: one of `SCANNERS`; `policy` for a rule.
        check: the check's id, or the rule's.
        objects: patterns of `Kind/name`.
        reason: why.
    """

    scanner: str
    check: str
    objects: tuple[str, ...]
    reason: str

    def holds_for(self, kind: str, name: str) -> bool:
        """Whether it holds for this object."""
        return any(fnmatchcase(f"{kind}/{name}", pattern) for pattern in self.objects)


@cache
def exceptions(project: Path | None = None) -> tuple[Excepted, ...]:
    """The entries of the file, one for each check: the project's, or without one the file beside this one.

    A project that has no rules of its own has those beside this file, and their exceptions: its file adds to them.
    """
    own = FILE if project is None else project / "policies" / FILE.name
    files = [own] if own.exists() else [FILE]
    if own.exists() and not own.with_name("check.py").exists():
        files = [FILE, own]
    try:
        return tuple(entry for path in files for entry in parse(bounds.text_of(path)))
    except UnicodeDecodeError:
        raise ExceptionsError(f"{FILE.name} is not UTF-8 text: save it in UTF-8.") from None
    except OSError as error:
        raise ExceptionsError(f"{FILE.name} cannot be read: {error.strerror}.") from None


def parse(text: str) -> tuple[Excepted, ...]:
    """Take the file's text apart. Raises ExceptionsError for an entry that is incomplete or has no reason."""
    try:
        entries = (yaml12.read(text) or {})["exceptions"]
    except yaml12.YamlError as error:
        raise ExceptionsError(f"{FILE.name}, {error}.") from None
    except (KeyError, TypeError) as error:
        raise ExceptionsError(f"{FILE.name} is no YAML with a list `exceptions`: {error}") from None
    return tuple(found for number, entry in enumerate(entries, start=1) for found in _entry(entry, number))


def _entry(entry: Any, number: int) -> Iterable[Excepted]:
    place = f"{FILE.name}, entry {number}"
    if not isinstance(entry, dict) or set(entry) != KEYS:
        raise ExceptionsError(f"{place} must have the keys {', '.join(sorted(KEYS))}, and no other.")
    if entry["scanner"] not in SCANNERS:
        given = quoting.value(entry["scanner"])
        raise ExceptionsError(f"{place}: scanner = {given} must be one of {', '.join(SCANNERS)}.")
    reason = str(entry["reason"] or "").strip()
    if not reason or "=" in reason:
        raise ExceptionsError(f"{place}: reason must say why, without the sign =, at which checkov splits it.")
    for key in ("checks", "objects"):
        if not isinstance(entry[key], list) or not entry[key] or not all(isinstance(item, str) for item in entry[key]):
            raise ExceptionsError(f"{place}: {key} must be a list of texts.")
    return [Excepted(entry["scanner"], check, tuple(entry["objects"]), reason) for check in entry["checks"]]


def annotations(entries: Iterable[Excepted], kind: str, name: str) -> dict[str, str]:
    """The scanners' own annotations for an object; none for most."""
    held = [entry for entry in entries if entry.holds_for(kind, name)]
    checkov = [entry for entry in held if entry.scanner == "checkov"]
    kube_score = [entry.check for entry in held if entry.scanner == "kube-score"]
    skipped = {f"checkov.io/skip{n}": f"{entry.check}={entry.reason}" for n, entry in enumerate(checkov, start=1)}
    return {**skipped, "kube-score/ignore": ",".join(kube_score)} if kube_score else skipped
