"""The one place where the database is migrated: a Job that everything else of Flagsmith waits for."""

from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.flagsmith.pod import job_pod
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.database_pods import DatabaseClientArgs
from components.kit.jobs import run_once
from components.kit.service_accounts import service_account

COMPONENT: Final = "migration"
# An empty database takes three minutes on two busy cores; a large one may need much longer.
DEADLINE_SECONDS: Final = 1800
SCRIPT: Final = Path(__file__).parent / "in_pod" / "migrate_database.py"
COMPARE: Final = Path(__file__).parent / "in_pod" / "compare_migrations.py"


class Migration(Component):
    """The Job `flagsmith-migrate-<hash>`.

    The API's pods run `serve`, which does not migrate: three replicas that did would race each other, for Flagsmith
    takes no lock. When the Job fails, nothing that depends on it is touched, and the old pods go on serving. It fails
    also on a database that a newer release has migrated: whoever applies it, an older release does not serve on that.

    Attributes:
        job: the Job's name.
    """

    job: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseClientArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Migration", name, opts)
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        options = []
        # 0 is for as long as it takes. What stands before an external server, as poolers do, may refuse options.
        lock_timeout = args.settings.postgres.migration_lock_timeout
        if args.settings.postgres.is_own or lock_timeout:
            options = [EnvVarArgs(name="PGOPTIONS", value=f"-c statement_timeout=0 -c lock_timeout={lock_timeout}s")]
        release = args.settings.release
        job = run_once(
            f"{name}-job",
            name=names.MIGRATE,
            namespace=args.namespace,
            component=COMPONENT,
            version=release.version,
            template=job_pod(
                args,
                component=COMPONENT,
                container="migrate",
                command=["python", "-c", SCRIPT.read_text(encoding="utf-8"), *release.entrypoint],
                arguments=release.migrate,
                env=options,
                first={"compare": ["python", "-c", COMPARE.read_text(encoding="utf-8"), release.version]},
            ),
            deadline_seconds=DEADLINE_SECONDS,
            opts=self.child(account),
        )
        self.job = name_of(job)
        self.register_outputs({"job": self.job})
