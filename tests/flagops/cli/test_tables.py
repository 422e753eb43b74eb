"""Every table that `ff` prints, in terminals of 60 and 80 columns: a row is a line, and its verdict is always there."""

import ast
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from components.settings.images import StackImage
from flagops.commands.audit import view as audit
from flagops.commands.db import view as connections
from flagops.commands.db.backups import view as backups
from flagops.commands.db.backups.backup import Backup
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
from flagops.engines.events import Event, ResourceState
from flagops.flagsmith_api.served import ServedFlag
from flagops.serving.model.declared import Keys
from flagops.terminal.listing import FEWEST, Column, Gives, Listing

FLAGOPS = Path(__file__).parents[3] / "flagops"
Show = Callable[[Console], None]


def _printed(thing: RenderableType) -> Show:
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
    *("flagsmith-20261128T030000Z-before-restore", "before-restore", datetime(2026, 11, 28, 3, tzinfo=UTC)),
    *("2.265.0", "17.6 (Debian)", 12_000_000, "ab" * 32, True, "flags.example.com"),
)
TABLES: dict[str, dict[str, tuple[Show, tuple[str, ...]]]] = {
    "commands/audit/view.py": {"audit": (_audit, ("flag new_dashboard updated",))},
    "commands/db/backups/view.py": {
        "backups": (lambda console: backups.show_backups(console, [BACKUP]), ("yes", BACKUP.name))
    },
    "commands/db/view.py": {"connections": (_connections, ("idle in transaction", "12"))},
    "commands/deploy/progress.py": {"progress": (_progress, ("created", "creating", "waiting", "failed"))},
    "commands/flags/code/command.py": {
        "code": (_printed(code.table({"new_dashboard_enabled": (FileLine(Path("src/app.py"), 12),)})), ("1",))
    },
    "commands/flags/reconcile/view.py": {
        "plan": (
            lambda console: plan.show(console, FlagPlan((), (), {None: 12, "development": 3})),
            ("12",),
        )
    },
    "commands/flags/serve/view.py": {
        "serve": (_printed(serve.table({"development": Keys("local-development", "ser.local-development")})), ("ser.",))
    },
    "commands/flags/served/command.py": {
        "served": (_printed(served.table([ServedFlag("new_dashboard_enabled", True, "blue", "string")])), ("on",))
    },
    "commands/flags/transfer/command.py": {
        "differ": (
            _printed(
                transfer.table(
                    [FlagDifference("new_dashboard_enabled", "enabled", True, False)], "development", "production"
                )
            ),
            ("on", "off"),
        )
    },
    "commands/flags/usage/view.py": {"usage": (_usage, ("435", "web-team"))},
    "commands/images/view.py": {"images": (_images, ("locked", "not locked"))},
    "commands/keys/view.py": {
        "keys": (
            _printed(
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
    "commands/status/view.py": {"status": (_status, ("!!", "ok"))},
}
FREE_TEXT = {"audit"}
"""Tables whose rows end in a text of any length, which stands below the row where it does not fit."""
KNOWN = [(name, *case) for cases in TABLES.values() for name, case in cases.items()]


def _shown(show: Show, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, soft_wrap=True, highlight=False, emoji=False)
    show(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def _without_indented(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("    ")]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(("name", "show", "verdicts"), KNOWN, ids=[name for name, *_ in KNOWN])
def test_a_verdict_is_whole_in_a_terminal_of_any_width(
    name: str, show: Show, verdicts: tuple[str, ...], width: int
) -> None:
    words = "\n".join(_shown(show, width))
    assert [verdict for verdict in verdicts if verdict not in words] == [], name


@pytest.mark.parametrize(("name", "show"), [case[:2] for case in KNOWN], ids=[name for name, *_ in KNOWN])
def test_with_80_columns_a_row_is_a_line(name: str, show: Show) -> None:
    wide, narrow = _shown(show, 240), _shown(show, 80)
    rows = [line for line in narrow if not line.startswith("Left out for want of room")]
    if name in FREE_TEXT:
        rows = _without_indented(rows)
    assert len(rows) == len(wide), "\n".join(narrow)
    # What is said above or below a table may be longer than a line: its rows are not.
    sentences = {line for line in wide if line.endswith(".") or ": " in line}
    assert [line for line in rows if cell_len(line) > 80 and line not in sentences] == []


def test_every_table_is_tried_here_and_none_is_made_in_another_way() -> None:
    made = set()
    for path in FLAGOPS.rglob("*.py"):
        tree = ast.parse(path.read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert "rich.table" not in imported, path
        if any(isinstance(node, ast.Call) and ast.unparse(node.func) == "Listing" for node in ast.walk(tree)):
            made.add(str(path.relative_to(FLAGOPS)))
    assert made == set(TABLES)


def _listing(*rows: tuple[str, ...]) -> Listing:
    columns = [
        Column("NAME"),
        Column("WHO", Gives.SHORTENED),
        Column("MIRROR", Gives.LEFT_OUT),
        Column("STATE", Gives.BELOW),
    ]
    listing = Listing(columns)
    for row in rows:
        listing.add(*row)
    return listing


def test_what_gives_way_does_so_in_its_own_way() -> None:
    listing = _listing(("flagsmith", "somebody-with-a-long-name", "elsewhere", "it is late for a reason of its own"))
    assert _shown(_printed(listing), 100)[1].split()[:3] == ["flagsmith", "somebody-with-a-long-name", "elsewhere"]
    lines = _shown(_printed(listing), 28)
    assert lines[0].split()[:2] == ["NAME", "WHO"]
    assert "MIRROR" not in lines[0]
    assert lines[1].endswith("…")
    assert " ".join(line.strip() for line in lines[2:4]) == "it is late for a reason of its own"
    assert lines[-1] == "Left out for want of room: MIRROR."
    assert all(cell_len(line) <= 28 for line in lines[:-1])


def test_a_shortened_cell_keeps_its_beginning() -> None:
    listing = _listing(("x" * 20, "abcdefghijklmnop", "", ""))
    assert f"{'abcdefghijklmnop'[: FEWEST - 1]}…" in _shown(_printed(listing), 30)[1]


def test_a_cell_is_no_markup_and_a_row_has_a_cell_for_each_column() -> None:
    assert "[red]x" in _shown(_printed(_listing(("[red]x", "", "", ""))), 80)[1]
    with pytest.raises(ValueError, match="3 cells for 4 columns"):
        _listing(("a", "b", "c"))
