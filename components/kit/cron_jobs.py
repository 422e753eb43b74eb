"""Templates of Jobs: CronJobs from which an operator's command makes a Job; few of them run by themselves too.

So what runs in the cluster is all declared here, and `kubectl create job --from=cronjob/NAME` works without `ff`.
"""

from typing import Final

import pulumi
from pulumi_kubernetes.batch.v1 import CronJob, CronJobSpecArgs, JobSpecArgs, JobTemplateSpecArgs
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names

# A CronJob needs a schedule, also when it is suspended: the 31st of February.
NEVER: Final = "0 0 31 2 *"
# Long enough to look at a Job that failed, short enough not to pile up.
KEPT_SECONDS: Final = 86_400
RETRIES_AT_NIGHT: Final = 2


def job_template(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Input[str],
    component: str,
    version: str,
    template: PodTemplateSpecArgs,
    deadline_seconds: int,
    schedule: str | None = None,
    opts: pulumi.ResourceOptions,
) -> CronJob:
    """A CronJob `name`, suspended unless it has a schedule.

    Args:
        logical_name: the Pulumi name.
        name: the CronJob's name, and the start of its Jobs' names.
        namespace: where it runs.
        component: its label.
        version: its label.
        template: the pod of its Jobs.
        deadline_seconds: how long a Job may take before it counts as failed.
        schedule: when it runs by itself, in UTC; None for never.
        opts: the resource's options.
    """
    labels = names.labels(component, version)
    return CronJob(
        logical_name,
        metadata=ObjectMetaArgs(name=name, namespace=namespace, labels=labels),
        spec=CronJobSpecArgs(
            schedule=schedule or NEVER,
            time_zone="Etc/UTC",
            suspend=schedule is None,
            concurrency_policy="Forbid",
            # A cluster that was away at the hour makes up for it within the day.
            starting_deadline_seconds=KEPT_SECONDS,
            successful_jobs_history_limit=3,
            failed_jobs_history_limit=3,
            job_template=JobTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=labels),
                spec=JobSpecArgs(
                    # Whoever started it is watching, and decides; at night nobody does.
                    backoff_limit=RETRIES_AT_NIGHT if schedule else 0,
                    active_deadline_seconds=deadline_seconds,
                    ttl_seconds_after_finished=KEPT_SECONDS,
                    template=template,
                ),
            ),
        ),
        opts=opts,
    )
