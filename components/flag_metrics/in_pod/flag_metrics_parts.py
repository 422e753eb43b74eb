"""The parts of the flag metrics that count: evaluations, tasks, flags. Each asks on indexed columns, or small tables.

Tables and columns as of Flagsmith 2.265.0 and task-processor 3.16.0 (flagsmith-common).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name

# An environment's id and a feature's name; and what stands in the labels: project, environment, feature.
Pair = tuple[int, str]
Labels = tuple[str, str, str]
Family = CounterMetricFamily | GaugeMetricFamily

# A bound on cardinality: each metric of features has at most as many series. 100 environments of 100 flags.
MOST_PAIRS = 10_000
# Rows of one statement, and statements of one turn: 2 million rows, some seconds on a busy database.
CHUNK_ROWS = 200_000
MOST_CHUNKS = 10
# Counting a longer queue costs more than the difference is worth.
MOST_TASKS = 100_000
FEATURE = ("project", "environment", "feature")


def has_column(cursor: Cursor, table: str, column: str) -> bool:
    """Whether the table has the column, which came or went with some release."""
    cursor.execute(
        "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s AND NOT attisdropped",
        (f"public.{table}", column),
    )
    return cursor.fetchone() is not None


def has_tables(cursor: Cursor, tables: Sequence[str]) -> bool:
    """Whether the schema `public` has all of the tables."""
    cursor.execute(
        "SELECT bool_and(to_regclass('public.' || name) IS NOT NULL) FROM unnest(%s) AS name", (list(tables),)
    )
    ((found,),) = cursor.fetchall()
    return bool(found)


class Part:
    """What is collected in one transaction.

    Attributes:
        name: the value of the label `part`.
        counts: whether its metrics stay when the database is away.
        reads: the tables that it asks, of the schema `public`.
        since_a_release: whether an older release has no such tables: then there is nothing to collect.
    """

    name = ""
    counts = False
    reads: Sequence[str] = ()
    since_a_release = False

    def collect(self, cursor: Cursor) -> Sequence[Family]:
        """The metric families."""
        raise NotImplementedError

    def committed(self) -> None:
        """What `collect` found is going to be shown: keep it."""


class Catalogue(Part):
    """Which features there are, by environment; the other parts take the labels from here.

    Attributes:
        pairs: project, environment and feature by environment id and feature name.
        features: name by feature id.
    """

    name = "catalogue"
    counts = True
    reads = ("environments_environment", "projects_project", "features_feature")

    def __init__(self) -> None:
        self.pairs: dict[Pair, Labels] = {}
        self.features: dict[int, str] = {}

    def collect(self, cursor: Cursor) -> Sequence[Family]:
        """Flags that are in no environment are left out, and those beyond the bound."""
        cursor.execute(
            """
            SELECT e.id, f.id, p.name, e.name, f.name
            FROM public.environments_environment e
            JOIN public.projects_project p ON p.id = e.project_id AND p.deleted_at IS NULL
            JOIN public.features_feature f ON f.project_id = p.id AND f.deleted_at IS NULL
            WHERE e.deleted_at IS NULL
            ORDER BY e.id, f.id
            """
        )
        rows = cursor.fetchall()
        kept = rows[:MOST_PAIRS]
        self.pairs = {(environment, name): (project, label, name) for environment, _, project, label, name in kept}
        self.features = {feature: name for _, feature, _, _, name in kept}
        return [
            GaugeMetricFamily(
                "flagsmith_flag_metrics_features_left_out",
                f"Features by environment that have no series, since there are more than {MOST_PAIRS}.",
                value=len(rows) - len(kept),
            )
        ]

    def families(self, kind: type[Family], name: str, text: str, values: Mapping[Pair, float]) -> Family:
        """One family with a value for each pair, added up where two environments of a project have one name."""
        sums: defaultdict[Labels, float] = defaultdict(float)
        for pair, value in values.items():
            sums[self.pairs[pair]] += value
        family = kind(name, text, labels=FEATURE)
        for labels, value in sums.items():
            family.add_metric(labels, value)
        return family


class Evaluations(Part):
    """How often each feature was evaluated, counted on from the rows that SDKs' reports become.

    A row is counted once: those up to `settled` are, and a turn counts up to the highest id of the turn before, since a
    lower id can be committed after a higher one. So a deleted row takes nothing away, and a new exporter starts at 0
    with what comes from then on.
    """

    name = "evaluations"
    counts = True
    reads = ("app_analytics_featureevaluationraw",)

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.totals: dict[Pair, int] = {}
        self.settled: int | None = None
        self.highest: int | None = None
        self._turn: tuple[Mapping[Pair, int], int | None, int | None] = ({}, None, None)

    def collect(self, cursor: Cursor) -> Sequence[Family]:
        """Read on by id, a chunk a statement; what is too much for one turn is left to the next."""
        cursor.execute("SELECT max(id) FROM public.app_analytics_featureevaluationraw")
        ((newest,),) = cursor.fetchall()
        settled, highest = self.settled, self.highest
        if newest is not None and (settled is None or newest < settled):
            # The first turn; or ids have begun anew, as after a restore: what is there is old.
            settled = highest = newest
        added: defaultdict[Pair, int] = defaultdict(int)
        for _ in range(MOST_CHUNKS):
            if settled is None or highest is None or settled >= highest:
                break
            end = min(settled + CHUNK_ROWS, highest)
            # Version 1 of the endpoint takes any number from whoever has the public key: a counter never falls.
            cursor.execute(
                "SELECT environment_id, feature_name, sum(greatest(evaluation_count, 0))"
                " FROM public.app_analytics_featureevaluationraw WHERE id > %s AND id <= %s GROUP BY 1, 2",
                (settled, end),
            )
            for environment, feature, count in cursor.fetchall():
                added[environment, feature] += int(count)
            settled = end
        if settled is None:
            settled = 0
        self._turn = (added, settled, max(newest or 0, settled))
        pairs = self.catalogue.pairs
        totals = {pair: self.totals.get(pair, 0) + added.get(pair, 0) for pair in pairs}
        text = "Evaluations of the feature that SDKs have reported since the exporter started."
        return [self.catalogue.families(CounterMetricFamily, "flagsmith_feature_evaluations", text, totals)]

    def committed(self) -> None:
        """Count, and remember how far."""
        added, self.settled, self.highest = self._turn
        self.totals = {pair: self.totals.get(pair, 0) + added.get(pair, 0) for pair in self.catalogue.pairs}


class Tasks(Part):
    """The task processor's queue. The predicate is that of the partial index `incomplete_tasks_idx`."""

    name = "tasks"
    reads = ("task_processor_task", "task_processor_recurringtask")
    UNDONE = "FROM public.task_processor_task WHERE NOT completed AND num_failures < 3"

    def collect(self, cursor: Cursor) -> Sequence[Family]:
        """Failed and done tasks are not counted: no index tells them apart, and the table keeps them for weeks."""
        cursor.execute(
            f"""
            SELECT CASE WHEN is_locked THEN 'running' WHEN scheduled_for > now() THEN 'scheduled' ELSE 'waiting' END,
                count(*)
            FROM (SELECT is_locked, scheduled_for {self.UNDONE} LIMIT %s) undone GROUP BY 1
            """,
            (MOST_TASKS,),
        )
        found = dict(cursor.fetchall())
        queue = GaugeMetricFamily(
            "flagsmith_task_queue_tasks", f"Tasks that are not done, {MOST_TASKS} at most.", labels=["state"]
        )
        for state in ("waiting", "running", "scheduled"):
            queue.add_metric([state], found.get(state, 0))
        cursor.execute(
            f"SELECT extract(epoch FROM now() - scheduled_for) {self.UNDONE} AND NOT is_locked"
            " AND scheduled_for <= now() ORDER BY scheduled_for LIMIT 1"
        )
        oldest = cursor.fetchone()
        age = GaugeMetricFamily(
            "flagsmith_task_queue_oldest_seconds",
            "For how long the oldest waiting task could have been done; 0 when none waits.",
            value=float(oldest[0]) if oldest else 0,
        )
        return [queue, age, self._recurring(cursor)]

    @staticmethod
    def _recurring(cursor: Cursor) -> Family:
        """Flagsmith disables a recurring task after 4 failures in a row, and says so in a log line only."""
        disabled = failing = "false"
        if has_column(cursor, "task_processor_recurringtask", "is_disabled"):
            disabled, failing = "is_disabled", "num_consecutive_failures > 0"
        cursor.execute(
            f"SELECT CASE WHEN {disabled} THEN 'disabled' WHEN {failing} THEN 'failing' ELSE 'ok' END, count(*)"
            " FROM public.task_processor_recurringtask GROUP BY 1"
        )
        found = dict(cursor.fetchall())
        family = GaugeMetricFamily(
            "flagsmith_recurring_tasks", "Tasks that are done again and again.", labels=["state"]
        )
        for state in ("ok", "failing", "disabled"):
            family.add_metric([state], found.get(state, 0))
        return family
