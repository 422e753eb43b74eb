"""What the administrator of a Cluster's database is given: it makes roles, and is no superuser."""

from typing import Final

from components.secrets.addresses import ADMINISTRATOR

# What a superuser alone may set, and the administrator has to for its own sessions: a new password is in a statement.
_HIDING: Final = (
    "log_statement",
    "log_min_error_statement",
    "log_min_duration_statement",
    "track_activities",
    "pg_stat_statements.track_utility",
)
INITIAL_SQL: Final = (
    # Whoever hands a database to another role has to be able to make one.
    f"ALTER ROLE {ADMINISTRATOR} CREATEROLE CREATEDB",
    f"GRANT pg_monitor, pg_read_all_stats TO {ADMINISTRATOR} WITH ADMIN OPTION",
    f"GRANT SET ON PARAMETER {', '.join(_HIDING)} TO {ADMINISTRATOR}",
)
"""What the operator's superuser runs, once, in the server's own database, before there is one of Flagsmith's."""
