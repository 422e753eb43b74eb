"""How a Cluster's database folds letters, on a real PostgreSQL that is made as the operator makes one."""

import subprocess
from pathlib import Path

import pytest

from components.postgres.cluster_spec import initial_database
from tests.postgres_programs import as_postgres, majors, postgres_programs
from tests.servers import give_to_postgres

OPTIONS = {
    "encoding": "--encoding",
    "localeCollate": "--lc-collate",
    "localeCType": "--lc-ctype",
    "localeProvider": "--locale-provider",
    "builtinLocale": "--builtin-locale",
}
"""initdb's options by the Cluster's fields, and the fields that the operator fills in (pkg/specs/jobs.go and
api/v1/cluster_defaults.go of 1.30.0)."""
DEFAULTS = {"localeCollate": "C", "localeCType": "C", "encoding": "UTF8"}
FIRST_WITH_BUILTIN = 17


def folded(home: Path, major: int, wanted: dict[str, str]) -> str:
    """What the server says of a letter that is no English one, and of an icontains of Django's."""
    programs, data = postgres_programs(major), home / "data"
    give_to_postgres(home)
    options = [f"{OPTIONS[field]}={value}" for field, value in {**DEFAULTS, **wanted}.items()]
    command = as_postgres(programs / "initdb", "-D", data, "--no-sync", *options)
    subprocess.run(command, cwd=home, check=True, capture_output=True, text=True, timeout=60)
    alone = as_postgres(programs / "postgres", "--single", "-D", data, "postgres")
    statement = "SELECT upper('ä') = 'Ä' AND upper('Zähler') LIKE upper('%ÄHL%') AND 'ЖУК' ILIKE 'жук' AS folds\n"
    done = subprocess.run(alone, cwd=home, input=statement, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


@pytest.mark.parametrize("major", [major for major in majors() if major >= FIRST_WITH_BUILTIN])
def test_searches_of_the_dashboard_find_letters_that_are_no_english_ones(tmp_path: Path, major: int) -> None:
    wanted = {field: str(value) for field, value in initial_database().items() if field in OPTIONS}
    assert 'folds = "t"' in folded(tmp_path, major, wanted)


def test_by_the_operators_defaults_they_would_not(tmp_path: Path) -> None:
    assert 'folds = "f"' in folded(tmp_path, majors()[-1], {})
