"""Jobs that run once for each pod template, and gate what depends on them."""

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.batch.v1 import Job, JobSpecArgs
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names
from components.kit.digests import short_digest
from components.kit.secret_refs import SecretReference


def run_once(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Input[str],
    component: str,
    version: str,
    template: PodTemplateSpecArgs,
    deadline_seconds: int,
    reads: Sequence[SecretReference] = (),
    opts: pulumi.ResourceOptions,
) -> Job:
    """A Job named `<name>-<hash of its pod template>`: another template is another Job, the same is not run again.

    Args:
        logical_name: the Pulumi name, the same for every run.
        name: the start of the Job's name.
        namespace: where it runs.
        component: its label.
        version: its label.
        template: its pod; known in full when the program runs.
        deadline_seconds: how long it may take in all before it counts as failed.
        reads: Secrets whose contents make another Job too.
        opts: the resource's options.
    """
    annotations = {
        # A failed Job would otherwise be awaited again, in vain, by every later run.
        "pulumi.com/replaceUnready": "true",
        "pulumi.com/timeoutSeconds": str(deadline_seconds + 60),
    }
    return Job(
        logical_name,
        metadata=ObjectMetaArgs(
            name=_name(name, template, reads),
            namespace=namespace,
            labels=names.labels(component, version),
            annotations=annotations,
        ),
        # No ttlSecondsAfterFinished: a Job that the cluster removed looks like drift, and would be run again.
        spec=JobSpecArgs(
            backoff_limit=2,
            active_deadline_seconds=deadline_seconds,
            # A pod that is still on its way out must not meet the next one in the database.
            pod_replacement_policy="Failed",
            template=template,
        ),
        opts=opts,
    )


def _name(name: str, template: PodTemplateSpecArgs, reads: Sequence[SecretReference]) -> pulumi.Input[str]:
    contents = [secret.digest for secret in reads if secret.digest is not None]
    if not contents:
        return f"{name}-{short_digest(template)}"
    own = short_digest(template)
    return pulumi.Output.all(*contents).apply(lambda digests: f"{name}-{short_digest([own, *digests])}")
