"""Every command of `ff`: how it is typed, the line that the help has of it, and what runs it. Nothing is imported."""

from collections.abc import Mapping
from typing import Final

from flagops.terminal.by_name import Word

ROLLOUT: Final = (
    Word("new", "Write the steps of a flag into the catalogue.", "flags.rollout.new.command:new"),
    Word("run", "Look at each rollout once, and do its next step.", "flags.rollout.command:run"),
    Word("status", "Show how far each rollout is, and why.", "flags.rollout.command:status"),
    Word("start", "Let a rollout begin now.", "flags.rollout.command:start"),
    Word("pause", "Leave a share as it is until somebody resumes it.", "flags.rollout.command:pause"),
    Word("resume", "Let a paused rollout go on.", "flags.rollout.command:resume"),
    Word("back", "Go one step back, and stay there.", "flags.rollout.command:back"),
    Word("test", "Ask Prometheus what the guards would have done.", "flags.rollout.backtest.command:try_guards"),
)

FLAGS: Final = (
    Word("validate", "Check the catalogue: problems with file, line and key.", "flags.catalogue.command:validate"),
    Word("schema", "Print the JSON Schema of a catalogue, for editors.", "flags.catalogue.command:schema"),
    Word("plan", "Show what `ff flags apply` would change.", "flags.reconcile.command:plan"),
    Word("apply", "Bring a running Flagsmith to the flags of the catalogue.", "flags.reconcile.command:apply"),
    Word("export", "Write a live project as a catalogue.", "flags.transfer.command:export"),
    Word("diff", "Show how two environments differ.", "flags.transfer.command:diff"),
    Word("promote", "Copy flags from one environment of the catalogue to another.", "flags.transfer.command:promote"),
    Word("get", "Show what an environment serves now.", "flags.served.command:get"),
    Word("set", "Switch a flag now, by name, and see it served.", "flags.switch.command:set_flag"),
    Word("release", "End the hold of a flag.", "flags.switch.command:release"),
    Word("rollout", "Shares that grow by themselves, and stop when something breaks.", below=ROLLOUT),
    Word("serve", "Serve the catalogue's flags to SDKs, on this machine.", "flags.serve.command:serve"),
    Word("document", "Write an environment's document, for SDKs without a server.", "flags.serve.command:document"),
    Word("explain", "Say which rule decides what a user gets.", "flags.explain.command:explain"),
    Word("usage", "Show how often each flag was evaluated, and which are unused.", "flags.usage.command:usage"),
    Word("report", "Write all flags on one page.", "flags.report.command:report"),
    Word("codegen", "Write typed flags for Python, TypeScript or OpenFeature.", "flags.code.command:codegen"),
    Word("references", "Show where code uses each flag.", "flags.code.command:references"),
)

KEYS: Final = (
    Word("list", "List the keys of each environment, masked.", "keys.command:show"),
    Word("sync", "Write the Secrets that the catalogue's `keys` declare.", "keys.command:sync"),
    Word("adopt", "Write missing client keys into the stack's file.", "keys.command:adopt"),
    Word("register", "Write the server-side keys of the stack's Secrets into Flagsmith.", "keys.command:register"),
    Word("rotate", "Replace the keys of an environment, in its Secrets too.", "keys.command:rotate"),
)

DATABASE: Final = (
    Word("check", "Run Django's check of the database in an API pod.", "db.command:check"),
    Word("connections", "Show who is connected, and how many the server allows.", "db.command:connections"),
    Word("psql", "Open an SQL prompt on the database.", "db.command:psql", passes_on=True),
    Word("backup", "Make a backup now.", "db.backups.command:backup"),
    Word("backups", "List the backups, the newest first.", "db.backups.command:backups"),
    Word("restore", "Replace the whole database with a backup.", "db.backups.command:restore"),
    Word("drill", "Try a backup in a scratch PostgreSQL or Cluster.", "db.backups.command:drill"),
    Word("upgrade", "Move PostgreSQL to another major version.", "db.command:upgrade"),
    Word("move", "Move the database into a Cluster, or back.", "db.move.command:move"),
    Word("switchover", "Make a standby of a Cluster the primary.", "db.command:switchover"),
)

GROUPS: Final[Mapping[str, tuple[Word, ...]]] = {
    "Deploy": (
        Word("init", "Make a project of your own: stacks, flags, workflows.", "init.command:init"),
        Word("up", "Deploy a stack, and wait until it is rolled out.", "deploy.command:up"),
        Word("preview", "Show what `ff up` would change; changes nothing.", "deploy.command:preview"),
        Word("down", "Remove everything that `ff up` created, data included.", "deploy.command:down"),
        Word("upgrade", "Move a stack to another release of Flagsmith, or back.", "upgrade.command:upgrade"),
        Word("capacity", "Compute what a load takes: size, pods, disk, the edge.", "capacity.command:capacity"),
        Word("render", "Write a stack's manifests, for review and GitOps.", "render.command:render"),
        Word("env", "Print a container's environment as its process sees it.", "env.command:env"),
        Word(
            "images",
            "List the images for mirrors, lock them to digests.",
            below=(
                Word("list", "List every image a stack uses, with its digest.", "images.command:show"),
                Word("lock", "Write which digest every tag has into images.lock.yaml.", "images.command:lock"),
            ),
        ),
    ),
    "Operate": (
        Word("status", "Show a stack at a glance: pods, jobs, volumes, certificate.", "status.command:status"),
        Word("doctor", "Find what is wrong, and the command that fixes it.", "doctor.command:doctor"),
        Word("smoke", "Test a running Flagsmith from outside.", "smoke.command:smoke"),
        Word("logs", "Print the pods' logs, secrets masked.", "logs.command:logs"),
        Word("dashboard", "Open a dashboard in the cluster's Grafana.", "dashboard.command:dashboard"),
        Word("open", "Print where Flagsmith is, and how to log in.", "pods.command:open_url"),
        Word("port-forward", "Serve a component's port on 127.0.0.1 until Ctrl-C.", "pods.command:port_forward"),
        Word("restart", "Replace the pods, and wait until the new ones serve.", "pods.command:restart"),
        Word("shell", "Open a shell in a running container.", "pods.command:shell"),
    ),
    "Flags and keys": (
        Word("flags", "The flags: what is declared in git, and what is served.", below=FLAGS),
        Word("keys", "The keys of environments, and the Secrets of applications.", below=KEYS),
    ),
    "Data": (
        Word("db", "The database: look into it, back it up, restore it.", below=DATABASE),
        Word(
            "tasks",
            "The queue of tasks: what is locked, and unlocking it.",
            below=(
                Word("list", "Show which tasks are locked, since when, and how many wait.", "tasks.command:show"),
                Word("unlock", "Unlock tasks whose worker is gone, so that they are done.", "tasks.command:unlock"),
            ),
        ),
        Word(
            "cache",
            "Look into Flagsmith's caches in Redis, and empty them.",
            below=(
                Word("info", "Show Redis' memory, hits, evictions, and keys by cache.", "cache.command:info"),
                Word("flush", "Empty caches; Flagsmith fills them again.", "cache.command:flush"),
                Word("latency", "Measure Redis' round trips, and show its slow events.", "cache.command:latency"),
            ),
        ),
    ),
    "Security": (
        Word("audit", "Show who changed which flag, from what to what.", "audit.command:audit"),
        Word(
            "policy",
            "The rules that every deployment keeps: docs/policy.md.",
            below=(
                Word("list", "List the rules, those of your own included.", "policy.command:list_rules"),
                Word("check", "Check manifests, or a stack, against the rules.", "policy.command:check_rules"),
            ),
        ),
        Word(
            "secrets",
            "The secrets that the program generates: list and renew them.",
            below=(
                Word("list", "List the secrets, and what renewing each costs.", "secrets.command:list_secrets"),
                Word("rotate", "Renew a secret, and check that everything works.", "secrets.command:rotate"),
            ),
        ),
        Word(
            "admin",
            "The administrator's account.",
            below=(Word("password", "Say where the password is, or make it valid again.", "admin.command:password"),),
        ),
    ),
    "Local": (
        Word(
            "cluster",
            "The local cluster that the stack `local` runs on.",
            below=(
                Word("up", "Create the local cluster, or repair it.", "cluster.command:up"),
                Word("down", "Delete the local cluster and its files.", "cluster.command:down"),
                Word("forget", "Forget the cluster that `ff up --context NAME` named.", "cluster.command:forget"),
                Word("status", "Show the local cluster.", "cluster.command:status"),
                Word("kubeconfig", "Print the path of the local cluster's kubeconfig.", "cluster.command:kubeconfig"),
            ),
        ),
        Word("completion", "Print the script with which your shell completes `ff`.", "completion.command:completion"),
        Word("docs", "Write the generated pages of the documentation.", "docs.command:docs"),
    ),
}
"""The words by the titles under which `ff --help` shows them."""
