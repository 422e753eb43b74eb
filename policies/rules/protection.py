"""Rules of data: what cannot be made again is not deleted by a slip."""

from collections.abc import Iterator

from policies.model import Enforcement, Finding, Objects, Rule

KINDS = ("Namespace", "PersistentVolumeClaim", "Secret")
# A server of PostgreSQL, and a Cluster of CloudNativePG, whose volumes are deleted with it.
SERVERS = ("StatefulSet", "Cluster")
GIVEN_UP = "feature-flags/given-up-with"
COMPONENT = "app.kubernetes.io/component"


def _protected(objects: Objects) -> Iterator[Finding]:
    for item in objects:
        is_data = item.kind in KINDS or (item.kind in SERVERS and item.labels.get(COMPONENT) == "database")
        # While a database is moved, the new one is a copy that goes with the move; the live one has no such mark.
        if is_data and item.protected is False and GIVEN_UP not in item.labels:
            yield Finding(item, "protect (an option of the resource)", item.protected, "true")


RULES = (
    Rule(
        id="protected-data",
        title="In production Pulumi refuses to delete the namespace, the database, volumes and Secrets",
        description="They hold what no deployment brings back: the flags, and the keys that read them.",
        enforcement=Enforcement.MANDATORY,
        remedy="Set `protect: true` in the stack's settings.",
        check=_protected,
        production_only=True,
        needs_protection=True,
    ),
)
