"""Every table that `ff` prints, with ordinary names in it, and the verdicts that its rows have."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType

from components.settings.images import StackImage
from flagops.commands.audit import view as audit
from flagops.commands.capacity import view as load_view
from flagops.commands.capacity.load import Load
from flagops.commands.capacity.plan import capacity
from flagops.commands.db import view as connections
from flagops.commands.db.backups import view as backups
from flagops.commands.db.backups.backup import Backup
from flagops.commands.db.backups.base.archive import BaseBackup
from flagops.commands.db.connections import DatabaseConnections
from flagops.commands.deploy.progress import Progress
from flagops.commands.flags.catalogue.problems import FileLine
from flagops.commands.flags.code import command as code
from flagops.commands.flags.reconcile import view as plan
from flagops.commands.flags.reconcile.change import FlagPlan
from flagops.commands.flags.serve import view as serve
from flagops.commands.flags.served import command as served
from flagops.commands.flags.transfer import command as transfer
from flagops.commands.flags.transfer.differ import FlagDifference
from flagops.commands.flags.usage import view as usage
from flagops.commands.flags.usage.usage import FlagUsage, Usage
from flagops.commands.images import view as images
from flagops.commands.images.use import Use
from flagops.commands.keys import view as keys
from flagops.commands.keys.listing import KeyRow
from flagops.commands.secrets import view as secrets
from flagops.commands.secrets.view import SecretRow
from flagops.commands.smoke import view as smoke
from flagops.commands.smoke.model import CheckResult, CheckStatus
from flagops.commands.status import view as status
from flagops.commands.status.model import Status, StatusRow
from flagops.commands.tasks import view as tasks
from flagops.commands.tasks.tasks import LockedTask
from flagops.engines.events import Event, ResourceState
from flagops.flagsmith_api.served import ServedFlag
from flagops.serving.model.declared import Keys
from tests.flagops.cli.rollout_tables import backtests, rollouts

Show = Callable[[Console], None]


def printed(thing: RenderableType) -> Show:
    return lambda console: console.print(thing)


def _progress(console: Console) -> None:
    run = Progress(console, "Deploying the stack 'local' in context 'feature-flags-local' with the Pulumi CLI")
    run(Event("flagsmith-postgres", "PersistentVolumeClaim", ResourceState.CREATED))
    run(Event("flagsmith-task-processor", "PodDisruptionBudget", ResourceState.CREATING))
    run(Event("flagsmith-task-processor", "Deployment", ResourceState.WAITING))
    run(Event("flagsmith-migrate-1a2b3c4d", "Job", ResourceState.FAILED))
    console.print(run.table())


def _status(console: Console) -> None:
    rows = [
        StatusRow("Pod (task-processor)", "flagsmith-task-processor-7f6d4b5c9-x2x8k", "ready, on worker-2"),
        StatusRow("PodDisruptionBudget", "flagsmith-task-processor", "2 healthy, 1 may be evicted"),
        StatusRow("HorizontalPodAutoscaler", "flagsmith", "3 of 3 to 12"),
        StatusRow("PersistentVolumeClaim", "flagsmith-postgres", "Pending, no volume", is_fine=False),
        StatusRow("CronJob", "flagsmith-backup", "17 3 * * *, last success never"),
    ]
    status.show(console, Status("local", "kind", "flags", "platform", "2.265.0", "http://f", rows=rows))


def _smoke(console: Console) -> None:
    smoke.show(
        console,
        [
            CheckResult("flag-round-trip", CheckStatus.PASSED, "seen after 2.1 s", 2.1),
            CheckResult("edge-documents", CheckStatus.FAILED, "no proxy has any", 0.1),
            CheckResult("certificate", CheckStatus.SKIPPED, "the address is http", 0.0),
        ],
    )


def _images(console: Console) -> None:
    image = StackImage(
        source="docker.io/flagsmith/flagsmith:2.265.0",
        target="docker.io/flagsmith/flagsmith:2.265.0",
        digest=f"sha256:{'a1' * 32}",
        is_stated=False,
        path=(),
    )
    unlocked = StackImage(
        source="docker.io/library/postgres:17.6",
        target="docker.io/library/postgres:17.6",
        digest=None,
        is_stated=False,
        path=(),
    )
    images.show(
        console,
        [
            Use(image, ("API", "task processor", "migration"), ("local", "staging")),
            Use(unlocked, ("database",), ("local",)),
        ],
        with_stacks=True,
    )


def _audit(console: Console) -> None:
    entry: dict[str, Any] = {
        "time": "2026-11-28T15:00:00Z",
        "actor": {"kind": "user", "name": "admin@example.com"},
        "environment": {"name": "production"},
        "segment": None,
        "identity": None,
        "kind": "flag",
        "name": "new_dashboard",
        "action": "updated",
        "changes": [{"field": "enabled", "old": False, "new": True}],
    }
    audit.show(console, [entry])


def _secrets(console: Console) -> None:
    secrets.show(
        console,
        [
            SecretRow("postgres", "flagsmith-postgres", "the superuser", "PostgreSQL", "", 1, "2026-11-28", "", True),
            SecretRow("analytics", "flagsmith-analytics", "the reader", "the exporter", "", 0, "", "", False),
        ],
    )


def _usage(console: Console) -> None:
    today = date(2026, 11, 28)
    days = {today - timedelta(days=back): back for back in range(30)}
    used = FlagUsage("new_dashboard_enabled", days, created=today)
    never = FlagUsage("gpu_optimization_enabled", {}, created=today - timedelta(days=400), owner="web-team")
    usage.show(console, console, Usage(today - timedelta(days=29), today, ("production",), (used, never)))


def _connections(console: Console) -> None:
    row = {
        "count": 12,
        "state": "idle in transaction",
        "longest_seconds": 31.0,
        "client": "10.244.1.17",
        "user": "flagsmith",
        "application": "",
    }
    connections.show(console, DatabaseConnections([row], 12, 100, 3, "17.6"))


BACKUP = Backup(
    name="flagsmith-20261128T030000Z-before-restore",
    label="before-restore",
    started=datetime(2026, 11, 28, 3, tzinfo=UTC),
    release="2.265.0",
    server="17.6 (Debian)",
    bytes=12_000_000,
    sha256="ab" * 32,
    is_encrypted=True,
    stack="flags.example.com",
)
BASE_BACKUP = BaseBackup(
    name="flagsmith-pg-17-20261128014500",
    state="completed",
    started=datetime(2026, 11, 28, 1, 45, tzinfo=UTC),
    ended=datetime(2026, 11, 28, 1, 55, tzinfo=UTC),
    id="20261128T014500",
    major=17,
    error="",
)
TASK = LockedTask(
    database="DATABASE_URL",
    kind="recurring",
    id=1203,
    task="features.feature_health.tasks.trigger_feature_state_change_webhooks",
    version="1",
    seconds=7200.0,
    limit_seconds=1800.0,
)
TABLES: dict[str, dict[str, tuple[Show, tuple[str, ...]]]] = {
    "commands/audit/view.py": {"audit": (_audit, ("flag new_dashboard updated",))},
    "commands/capacity/view.py": {
        "capacity": (
            lambda console: load_view.show(console, capacity(Load(browsers=100_000, local_sdks=30))),
            ("3 pods", "small", "20 GiB"),
        )
    },
    "commands/db/backups/view.py": {
        "backups": (lambda console: backups.show_backups(console, [BACKUP]), ("yes", BACKUP.name)),
        "base backups": (lambda console: backups.show_base_backups(console, [BASE_BACKUP]), ("completed",)),
    },
    "commands/db/view.py": {"connections": (_connections, ("idle in transaction", "12"))},
    "commands/deploy/progress.py": {"progress": (_progress, ("created", "creating", "waiting", "failed"))},
    "commands/flags/code/command.py": {
        "code": (printed(code.table({"new_dashboard_enabled": (FileLine(Path("src/app.py"), 12),)})), ("1",))
    },
    "commands/flags/reconcile/view.py": {
        "plan": (
            lambda console: plan.show(console, FlagPlan((), (), {None: 12, "development": 3})),
            ("12",),
        )
    },
    "commands/flags/serve/view.py": {
        "serve": (printed(serve.table({"development": Keys("local-development", "ser.local-development")})), ("ser.",))
    },
    "commands/flags/served/command.py": {
        "served": (printed(served.table([ServedFlag("new_dashboard_enabled", True, "blue", "string")])), ("on",))
    },
    "commands/flags/transfer/command.py": {
        "differ": (
            printed(
                transfer.table(
                    [FlagDifference("new_dashboard_enabled", "enabled", True, False)], "development", "production"
                )
            ),
            ("on", "off"),
        )
    },
    "commands/flags/rollout/backtest/command.py": {"backtests": (backtests, ("checkout-errors", "latency"))},
    "commands/flags/rollout/view.py": {"rollouts": (rollouts, ("paused", "done"))},
    "commands/flags/usage/view.py": {"usage": (_usage, ("435", "web-team"))},
    "commands/images/view.py": {"images": (_images, ("locked", "not locked"))},
    "commands/keys/view.py": {
        "keys": (
            printed(
                keys.listing(
                    [
                        KeyRow(
                            "development",
                            "server-side",
                            "ff: shop/keys, 2026-11-28",
                            "ser.ab…",
                            "2026-11-28",
                            active=False,
                        )
                    ]
                )
            ),
            ("no", "ser.ab…"),
        )
    },
    "commands/secrets/view.py": {"secrets": (_secrets, ("missing",))},
    "commands/smoke/view.py": {"smoke": (_smoke, ("passed", "failed", "skipped"))},
    "commands/tasks/view.py": {"tasks": (lambda console: tasks.show_tasks(console, [TASK]), ("locked 2:00:00 ago",))},
    "commands/status/view.py": {"status": (_status, ("!!", "ok"))},
}
FREE_TEXT = {"audit", "tasks", "rollouts", "backtests"}
"""Tables whose rows end in a text of any length, which stands below the row where it does not fit."""
KNOWN = [(name, *case) for cases in TABLES.values() for name, case in cases.items()]


def shown(show: Show, width: int) -> list[str]:
    """The lines of a terminal of this width."""
    console = Console(file=io.StringIO(), width=width, soft_wrap=True, highlight=False, emoji=False)
    show(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()
