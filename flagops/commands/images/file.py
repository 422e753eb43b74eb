"""Writes the lock file: sorted, with the comments that people put above entries."""

from pathlib import Path

from components.settings.lock import LOCK_FILE, ROOT_KEY, Lock, parse_lock
from components.text import bounds
from flagops.files import replace_text

HEAD = """\
# Which bytes every image of the stacks is. Written by `ff images lock`, read by every deployment: see docs/images.md.
# A comment above an entry stays with it.
"""


def write_lock(directory: Path, lock: Lock) -> bool:
    """Write the lock file in `directory` in one step; whether it is another one than before."""
    path = directory / LOCK_FILE
    before = bounds.text_of(path) if path.exists() else ""
    text = text_of(lock, before)
    if text == before:
        return False
    replace_text(path, text)
    return True


def text_of(lock: Lock, before: str) -> str:
    """The file's text; comments are taken from the text `before`."""
    lines = before.splitlines()
    roots = [number for number, line in enumerate(lines) if line.startswith(f"{ROOT_KEY}:")]
    head = "\n".join(lines[: roots[0]]) + "\n" if roots and roots[0] else HEAD
    notes = {name: _comments(lines, item.line - 1) for name, item in parse_lock(before).items()}
    parts = [head, f"{ROOT_KEY}:\n" if lock else f"{ROOT_KEY}: {{}}\n"]
    for name, item in sorted(lock.items()):
        parts += notes.get(name, [])
        parts.append(
            f"  {name}:\n    digest: {item.digest}\n    platforms: [{', '.join(item.platforms)}]\n"
            f"    resolved: {item.resolved}\n    from: {item.source}\n"
        )
    return "".join(parts)


def _comments(lines: list[str], entry: int) -> list[str]:
    """The comment lines just above the line `entry`, in order."""
    first = entry
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return [f"  {line.strip()}\n" for line in lines[first:entry]]
