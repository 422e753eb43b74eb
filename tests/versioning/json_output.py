"""What each command prints with `--json`: the dataclasses and functions that its keys come from.

A function that runs in a pod is named by its file, since its module cannot be imported here.
"""

SOURCES: dict[str, tuple[str, ...]] = {
    "ff audit": ("components/audit/in_pod/audit_entries.py:_entry", "flagops.commands.audit.trace:_traced"),
    "ff cache info": ("flagops/commands/cache/in_pod/caches.py:info",),
    "ff cache latency": ("flagops/commands/cache/in_pod/caches.py:latency",),
    "ff capacity": ("flagops.commands.capacity.model:Capacity",),
    "ff cluster status": ("flagops.local_cluster.model:ClusterStatus",),
    "ff db backup": (
        "flagops.commands.db.backups.backup:Backup",
        "flagops.commands.db.backups.base.archive:BaseBackup",
    ),
    "ff db backups": (
        "flagops.commands.db.backups.backup:Backup",
        "flagops.commands.db.backups.base.archive:BaseBackup",
    ),
    "ff db connections": ("flagops.commands.db.connections:DatabaseConnections",),
    "ff db drill": ("flagops.commands.db.backups.drill:Drill",),
    "ff doctor": ("flagops.commands.doctor.model:DoctorFinding",),
    "ff flags apply": ("flagops.commands.flags.reconcile.carrying:apply_reviewed",),
    "ff flags diff": ("flagops.commands.flags.transfer.differ:FlagDifference",),
    "ff flags explain": ("flagops.commands.flags.explain.remote_answer:as_json",),
    "ff flags plan": (
        "flagops.commands.flags.reconcile.planfile:as_json",
        "flagops.commands.flags.reconcile.review.view:with_figures",
        "flagops.commands.flags.reconcile.review.view:with_timetables",
        "flagops.commands.flags.reconcile.timetable_words:Timetable",
    ),
    "ff flags rollout run": ("flagops.commands.flags.rollout.view:RolloutRow",),
    "ff flags rollout status": ("flagops.commands.flags.rollout.view:RolloutRow",),
    "ff flags rollout test": ("flagops.commands.flags.rollout.backtest.backtest:Backtest",),
    "ff flags set": ("flagops.commands.flags.switch.command:set_flag",),
    "ff flags references": ("flagops.commands.flags.code.command:_plain",),
    "ff flags get": ("flagops.flagsmith_api.served:ServedFlag",),
    "ff flags validate": ("flagops.commands.flags.catalogue.command:CatalogueReport",),
    "ff flags usage": ("flagops.commands.flags.usage.view:as_json",),
    "ff images list": ("flagops.commands.images.view:as_json",),
    "ff keys list": ("flagops.commands.keys.listing:KeyRow",),
    "ff policy check": ("flagops.commands.policy.command:check_rules", "flagops.commands.policy.command:_violation"),
    "ff policy list": ("flagops.commands.policy.command:_rule",),
    "ff preview": ("flagops.commands.deploy.view:plan_as_json",),
    "ff secrets list": ("flagops.commands.secrets.view:SecretRow",),
    "ff smoke": ("flagops.commands.smoke.model:CheckResult",),
    "ff status": ("flagops.commands.status.model:Status",),
    "ff tasks list": ("flagops.commands.tasks.tasks:Queue",),
}
