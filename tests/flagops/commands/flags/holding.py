"""Holds as somebody else makes them, one request after the other."""

from pathlib import Path

from flagops.commands.flags.reconcile.holds import is_hold
from tests.flagops.commands.flags.support import Project, example
from tests.flagops.commands.flags.switching import FLAG, feature, tags

HOLD = "ff-hold-until-2999-01-01T00:00Z"
WHY = f"{FLAG} off in production: matches are late"
TAGS = "/api/v1/projects/1/tags/"


def holds(server: Project) -> list[str]:
    return sorted(label for label in tags(server) if is_hold(label))


def path_of(server: Project) -> str:
    return f"/api/v1/projects/1/features/{feature(server)['id']}/"


def descriptions(server: Project) -> dict[str, str]:
    return {row["label"]: row["description"] for row in server.client.pages(TAGS)}


def begin(server: Project, description: str = WHY) -> int:
    """The first half of a hold of somebody else: its tag is made."""
    return int(server.client.post(TAGS, {"label": HOLD, "color": "#fff", "description": description})["id"])


def put_on(server: Project, tag: int) -> None:
    """The second half: the flag has it."""
    server.client.patch(path_of(server), {"tags": [*feature(server)["tags"], tag]})


def retagged(home: Path, *names: str) -> Path:
    def edit(text: str) -> str:
        for name in names or (FLAG,):
            at = text.index("    tags: [", text.index(f"\n  {name}:\n"))
            text = f"{text[:at]}    tags: [fresh, {text[at + 11 :]}"
        return text

    return example(home, edit)
