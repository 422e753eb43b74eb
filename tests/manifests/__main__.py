"""`python -m tests.manifests BASE [COMMIT]`: what of the rendered manifests differs between two commits.

It renders this repository's stacks and those of `stacks/`, each commit by its own program and with its own files for
the former, and names each object that is not the same, with the fields. It ends with 1 if there is one.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from flagops.commands.deploy.compare.commits import checked_out, of_checkout
from flagops.commands.deploy.compare.manifests import DIGEST, Manifests, ObjectDifference, differences
from flagops.errors import OpsError
from tests.manifests.fields import fields
from tests.recording import ROOT, STACKS

FILES: Final = tuple(sorted((Path(__file__).parent / "stacks").glob("Pulumi.*.yaml")))
VARIED: Final = tuple(path.name.split(".")[1] for path in FILES)


def compared(
    root: Path, base: str, commit: str, stacks: Sequence[str], *, lines: bool = False
) -> Iterator[tuple[str, int, list[str]]]:
    """Yield each stack when it is compared: how many objects it has at `commit`, and what differs, line by line."""
    with ExitStack() as opened, ThreadPoolExecutor(2) as pool:
        places = [opened.enter_context(checked_out(root, name)) for name in (base, commit)]
        for place in places:
            for path in FILES:
                (place / path.name).write_bytes(path.read_bytes())
        for stack in stacks:
            old, new = pool.map(of_checkout, places, (base, commit), (stack, stack))
            yield stack, len(new), list(_told(old, new, lines=lines))


def _told(old: Manifests, new: Manifests, *, lines: bool) -> Iterator[str]:
    for item in differences(old, new):
        yield ": ".join(filter(None, [f"{item.action} {item.name}", ", ".join(_fields(item, old, new))]))
        if lines:
            yield from item.diff.splitlines()


def _fields(item: ObjectDifference, old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What differs in an object that both have; of one that only has another name, that one."""
    if item.action not in ("update", "replace"):
        return []
    bare = DIGEST.sub("", item.name)
    before = old.get(item.name) or next(text for name, text in old.items() if DIGEST.sub("", name) == bare)
    return fields(before, new[item.name]) or ["comments"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare what the command line names; the number to end with: 1 if anything differs, 2 if it cannot be told."""
    parser = argparse.ArgumentParser(prog="python -m tests.manifests", description="Compare rendered manifests.")
    parser.add_argument("base", help="the commit to compare with")
    parser.add_argument("commit", nargs="?", default="HEAD", help="the commit to compare (default: HEAD)")
    parser.add_argument("--stack", action="append", choices=[*STACKS, *VARIED], help="only this one; repeat for more")
    parser.add_argument("--diff", action="store_true", help="show the lines too")
    asked = parser.parse_args(arguments)
    differ = False
    try:
        stacks = asked.stack or [*STACKS, *VARIED]
        for stack, objects, told in compared(ROOT, asked.base, asked.commit, stacks, lines=asked.diff):
            differ |= bool(told)
            print(f"{stack}: {objects} objects, " + ("with these differences:" if told else "the same"))
            print(*(f"  {line}" for line in told), sep="\n", end="\n" if told else "", flush=True)
    except OpsError as error:
        print(*filter(None, [error.message, error.hint]), sep="\n", file=sys.stderr)
        return 2
    return int(differ)


if __name__ == "__main__":
    sys.exit(main())
