"""What each command prints with `--json`: the dataclasses and functions that its keys come from.

A function that runs in a pod is named by its file, since its module cannot be imported here.
"""

SOURCES: dict[str, tuple[str, ...]] = {
    "ff audit": ("components/scripts/audit_entries.py:_entry", "ops.audit.trace:_traced"),
    "ff cache info": ("ops/scripts/caches.py:info",),
    "ff cache latency": ("ops/scripts/caches.py:latency",),
    "ff cluster status": ("ops.cluster.model:ClusterStatus",),
    "ff db backup": ("ops.backup.backup:Backup",),
    "ff db backups": ("ops.backup.backup:Backup",),
    "ff db connections": ("ops.database.connections:Connections",),
    "ff db drill": ("ops.backup.drill:Drill",),
    "ff doctor": ("ops.doctor.model:Finding",),
    "ff flags apply": ("ops.commands.flags.reconcile:apply_reviewed",),
    "ff flags diff": ("ops.flags.transfer.differ:Difference",),
    "ff flags explain": ("ops.flags.explain.remote_answer:as_json",),
    "ff flags plan": ("ops.flags.reconcile.planfile:as_json",),
    "ff flags references": ("ops.commands.flags.code:_plain",),
    "ff flags get": ("ops.flagsmith.served:Flag",),
    "ff flags usage": ("ops.flags.look.usage_show:as_json",),
    "ff images list": ("ops.images.report:as_json",),
    "ff keys list": ("ops.keys.listing:Row",),
    "ff policy check": ("ops.commands.policy:check_rules", "ops.commands.policy:_violation"),
    "ff policy list": ("ops.commands.policy:_rule",),
    "ff preview": ("ops.report:plan_as_json",),
    "ff secrets list": ("ops.secrets.report:Row",),
    "ff smoke": ("ops.smoke.model:Result",),
    "ff status": ("ops.operate.model:Status",),
}
