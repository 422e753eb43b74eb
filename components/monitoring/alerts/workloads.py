"""Pods, containers and Jobs, by kube-state-metrics and the kubelet's own metrics."""

from collections.abc import Iterator
from typing import Final

from components.kit import names as metadata
from components.monitoring.alerts.missing import or_zero
from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.subject import Subject

# What serves: a Job may take all that it gets.
CONTAINERS: Final = "flagsmith|task-processor|postgres|redis"
RUNBOOK: Final = "14-a-pod-is-missing-restarts-or-is-full"
WAITING: Final = "CrashLoopBackOff|ImagePullBackOff|ErrImagePull|InvalidImageName|CreateContainerConfigError"


def _limit(where: str, resource: str) -> str:
    return f'max by (pod, container) (kube_pod_container_resource_limits{{{where},resource="{resource}"}})'


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of what runs."""
    where = subject.where
    yield from _missing(subject)
    yield from _resources(subject)
    # Counted, not estimated: `increase` makes more than three of three, as it knows only moments between them.
    restarts = f"kube_pod_container_status_restarts_total{{{where}}}"
    yield Alert(
        name="FlagsmithRestarts",
        expression=f"{restarts} - min_over_time({restarts}[1h]) > 3",
        minutes=0,
        severity="warning",
        summary="A container restarts again and again.",
        description='{{ $labels.container }} of {{ $labels.pod }} restarted {{ $value | printf "%.0f" }} times.',
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithContainerWaits",
        expression=f"""
            max by (pod, container, reason)
            (max_over_time(kube_pod_container_status_waiting_reason{{{where},reason=~"{WAITING}"}}[5m])) > 0""",
        minutes=10,
        severity="warning",
        summary="A container cannot start.",
        description="{{ $labels.container }} of {{ $labels.pod }} waits: {{ $labels.reason }}.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithOutOfMemory",
        expression=f"""
            kube_pod_container_status_last_terminated_reason{{{where},reason="OOMKilled"}} == 1
            and on (pod, container) increase(kube_pod_container_status_restarts_total{{{where}}}[30m]) > 0""",
        minutes=0,
        severity="warning",
        summary="A container was killed for want of memory.",
        description="{{ $labels.container }} of {{ $labels.pod }} took more memory than its limit.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithPodPending",
        expression=f'max by (pod) (kube_pod_status_phase{{{where},phase="Pending"}}) > 0',
        minutes=15,
        severity="warning",
        summary="A pod finds no node, or waits for its volume.",
        description="{{ $labels.pod }} has been pending for 15 minutes.",
        runbook="6-a-pod-finds-no-node-or-a-volume-is-missing",
    )
    if subject.is_edge:
        return
    yield Alert(
        name="FlagsmithJobFailed",
        expression=f"""
            max by (job_name) (kube_job_failed{{{where},condition="true",job_name=~"flagsmith-(migrate|bootstrap)-.*"}})
            > 0""",
        minutes=0,
        severity="critical",
        summary="A migration or the first set-up failed.",
        description="The Job {{ $labels.job_name }} failed; the deployment stopped there, the old pods serve.",
        runbook="4-a-migration-failed",
    )


def _missing(subject: Subject) -> Iterator[Alert]:
    where, runbook = subject.where, RUNBOOK
    if not subject.is_edge:
        yield _down(subject)
    yield Alert(
        name="FlagsmithReplicasMissing",
        expression=" or ".join(
            _fewer(subject, kind, wanted, names)
            for kind, wanted, names in (
                ("deployment", "kube_deployment_spec_replicas", subject.deployments),
                ("statefulset", "kube_statefulset_replicas", subject.stateful_sets),
            )
        ),
        minutes=15,
        severity="warning",
        summary="Fewer pods are available than wanted.",
        description="{{ with $labels.deployment }}The Deployment {{ . }}{{ else }}The StatefulSet "
        "{{ $labels.statefulset }}{{ end }} has {{ $value }} available pods, fewer than wanted.",
        runbook=runbook,
    )
    if subject.is_autoscaled or subject.is_edge_autoscaled:
        hpa, of_edge = "kube_horizontalpodautoscaler", "edge." if subject.is_edge_autoscaled else ""
        if subject.is_autoscaled and of_edge:
            of_edge = f'{{{{ if eq $labels.horizontalpodautoscaler "{metadata.EDGE}" }}}}{of_edge}{{{{ end }}}}'
        yield Alert(
            name="FlagsmithAutoscalerAtItsMost",
            expression=f"""
                max by (horizontalpodautoscaler) ({hpa}_status_desired_replicas{{{where}}})
                >= max by (horizontalpodautoscaler) ({hpa}_spec_max_replicas{{{where}}})""",
            minutes=30,
            severity="warning",
            summary="The autoscaler can add no more pods.",
            description=f"All {{{{ $value }}}} pods that {of_edge}autoscaling.maxReplicas allows have run for half an "
            "hour.",
            runbook=runbook,
        )


def _down(subject: Subject) -> Alert:
    where = subject.where
    available = (
        f'max by (deployment) (kube_deployment_status_replicas_available{{{where},deployment="{metadata.API}"}})'
    )
    # A Deployment that is gone, or a kube-state-metrics: Prometheus' own scrapes of the API tell them apart.
    scraped = f'(max(up{{{where},component="api"}}) == 1)'
    return Alert(
        name="FlagsmithDown",
        expression=f"{or_zero(available, unless=scraped, deployment=metadata.API)} == 0",
        minutes=subject.minutes_unseen(2),
        severity="critical",
        summary="No pod of the API is available.",
        description="The Deployment {{ $labels.deployment }} has no available pod: no flags are served.",
        runbook=RUNBOOK,
    )


def _fewer(subject: Subject, kind: str, wanted: str, names: tuple[str, ...]) -> str:
    """What has fewer pods than it wants, and what is no more there to want any."""
    available = f"max by ({kind}) (kube_{kind}_status_replicas_available{{{subject.where}}})"
    fewer = f"{available} < max by ({kind}) ({wanted}{{{subject.where}}})"
    gone = [
        f'(0 * max by ({kind}) (absent({wanted}{{{subject.where},{kind}="{name}"}})) and on () '
        f"{subject.kubernetes_is_seen})"
        for name in names
    ]
    return " or ".join((f"({fewer})", *gone))


def _resources(subject: Subject) -> Iterator[Alert]:
    limits, where, runbook = subject.thresholds, subject.where, RUNBOOK
    containers = f'container=~"{CONTAINERS}{"|edge-proxy" if subject.has_edge else ""}"'
    yield Alert(
        name="FlagsmithCpuNearLimit",
        expression=f"""
            100 * sum by (pod, container) (rate(container_cpu_usage_seconds_total{{{where},{containers}}}[5m]))
            / on (pod, container) {_limit(where, "cpu")} > {limits.cpu_percent}""",
        minutes=30,
        severity="warning",
        summary="A container uses most of its CPU.",
        description='{{ $labels.container }} of {{ $labels.pod }} uses {{ $value | printf "%.0f" }} % of its CPU.',
        runbook=runbook,
    )
    # PostgreSQL's working set holds cached files of the disk, which it gives back: what counts is its own.
    own = containers.replace("postgres|", "")
    postgres = f"""
        or 100 * (max by (pod, container) (container_memory_rss{{{where},container="postgres"}})
        + on () group_left () max(pg_settings_shared_buffers_bytes{{{where}}}))
        / on (pod, container) {_limit(where, "memory")} > {limits.memory_percent}"""
    yield Alert(
        name="FlagsmithMemoryNearLimit",
        expression=f"""
            100 * max by (pod, container) (container_memory_working_set_bytes{{{where},{own}}})
            / on (pod, container) {_limit(where, "memory")} > {limits.memory_percent}
            {postgres if subject.embedded_postgres else ""}""",
        minutes=15,
        severity="warning",
        summary="A container uses most of its memory.",
        description='{{ $labels.container }} of {{ $labels.pod }} uses {{ $value | printf "%.0f" }} % of its memory.',
        runbook=runbook,
    )
