"""Stops a migration of a database that a newer release has migrated already. Runs in the Flagsmith image, reads only.

An older release would find nothing to migrate and serve, until it asks for a column that is no more. Only Flagsmith's
own applications count: packages renumber their migrations when they squash them, in releases that are newer.
"""

import os
import re
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

import django
from django.apps import apps
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Migration = tuple[str, str]
AHEAD = 3
SHOWN = 10


def number(name: str) -> int:
    """The number that a migration's name begins with; -1 for one that has none."""
    match = re.match(r"\d+", name)
    return int(match[0]) if match else -1


def ahead(applied: Iterable[Migration], known: Collection[Migration], own: Collection[str]) -> list[Migration]:
    """The applied migrations that come after all that the image knows of the same application."""
    newest: dict[str, int] = {}
    for app, name in known:
        newest[app] = max(newest.get(app, -1), number(name))
    return sorted(
        (app, name)
        for app, name in applied
        if app in own and app in newest and (app, name) not in known and number(name) > newest[app]
    )


def main(release: str) -> int:
    """Compare each database with the image."""
    django.setup()
    loader = MigrationLoader(None, ignore_no_migrations=True)
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        known.update(migration.replaces)
    own = {config.label for config in apps.get_app_configs() if Path(config.path).is_relative_to(Path.cwd())}
    found: list[Migration] = []
    for alias in connections:
        found += ahead(MigrationRecorder(connections[alias]).applied_migrations(), known, own)
    if not found:
        print(f"The database has no migration that {release} does not know.")
        return 0
    listed = ", ".join(f"{app}.{name}" for app, name in found[:SHOWN])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    print(f"Refused: the database was migrated by a newer release than {release}. Nothing was changed.")
    print(f"{release} does not know {listed}{more}.")
    print(
        "Ways back: set `version` to the newer release again; or `ff upgrade --back`, which undoes its migrations "
        f"first; or set `version` to {release}, `ff db restore` a backup from before, and `ff up --older`."
    )
    return AHEAD


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "app.settings.production")
    sys.exit(main(sys.argv[1]))
