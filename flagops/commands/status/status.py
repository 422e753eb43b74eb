"""Gathers how a stack is, from the objects in its namespace."""

import base64
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from components.kit import names
from flagops.commands.status.cluster import cluster_rows
from flagops.commands.status.declared import declared_rows, leaving, stopped
from flagops.commands.status.gateway import gateway_rows
from flagops.commands.status.model import Status, StatusRow
from flagops.commands.status.volumes import volume_rows
from flagops.engines.own_cluster import recorded
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import condition
from flagops.pods.jobs import STARTED_BY
from flagops.pods.last_success import last_success
from flagops.pods.pods import PodComponent, is_ready
from flagops.pods.pods import pods as pods_of
from flagops.stacks.deployed import Instance

if TYPE_CHECKING:
    from components.deployment.recorded import Deployment

EXPIRES_SOON_DAYS = 14  # cert-manager renews at a third of the lifetime, 30 days for the usual 90
FEWEST_PROXIES = 2  # with documents: one that starts while Flagsmith is away has none
JOBS_SHOWN = 3  # of a CronJob's many, the last tell


def status(instance: Instance, now: datetime | None = None) -> Status:
    """The stack at a glance. Reads objects only: nothing runs in a pod.

    What there should be is what the last successful deployment wrote down: what is changed and not deployed yet is no
    trouble, and `ff preview` shows it.
    """
    settings, record = instance.settings, recorded(instance.client, instance.namespace)
    declared = list(declared_rows(instance, record))
    rows = [
        *_move(instance),
        *_workloads(instance.items("apps/v1", "Deployment"), "Deployment", record),
        *_workloads(instance.items("apps/v1", "StatefulSet"), "StatefulSet", record),
        *_pods(instance.items("v1", "Pod")),
        *_edge(instance),
        *_rollouts(instance),
        *cluster_rows(instance),
        *_jobs(instance.items("batch/v1", "Job")),
        *_cron_jobs(instance.items("batch/v1", "CronJob")),
        *_budgets(instance.items("policy/v1", "PodDisruptionBudget")),
        *_autoscalers(instance.items("autoscaling/v2", "HorizontalPodAutoscaler")),
        *volume_rows(instance),
        *_ingresses(instance.items("networking.k8s.io/v1", "Ingress"), awaited=settings.ingress.await_address),
        *gateway_rows(instance),
        *_certificates(instance, now or datetime.now(UTC)),
    ]
    # What is missing or on its way out is said once: a second row would call it well.
    told = {(row.kind, row.name) for row in declared}
    return Status(
        instance.stack.name,
        instance.context,
        instance.namespace,
        settings.role,
        record.release if record else "(not deployed)",
        settings.url,
        is_simulated=instance.is_simulated,
        rows=[*declared, *(row for row in rows if (row.kind, row.name) not in told)],
    )


def _workloads(items: Iterable[Manifest], kind: str, record: "Deployment | None") -> Iterator[StatusRow]:
    for item in items:
        wanted, state = item["spec"].get("replicas", 1), item.get("status", {})
        ready, updated = state.get("readyReplicas", 0), state.get("updatedReplicas", 0)
        seen = state.get("observedGeneration", 0) >= item["metadata"].get("generation", 0)
        is_done = seen and ready == updated == wanted == state.get("replicas", 0)
        text = f"{ready}/{wanted} ready" + ("" if is_done else f", {updated} of the new revision")
        trouble = leaving(item) or stopped(record, kind, item)
        yield StatusRow(kind, item["metadata"]["name"], trouble or text, is_fine=is_done and not trouble)


def _pods(items: Iterable[Manifest]) -> Iterator[StatusRow]:
    for pod in items:
        phase, name = pod.get("status", {}).get("phase", "Unknown"), pod["metadata"]["name"]
        if phase == "Succeeded" or _owner_kind(pod) == "Job":
            continue
        restarts = sum(entry.get("restartCount", 0) for entry in pod.get("status", {}).get("containerStatuses") or [])
        leaving = "deletionTimestamp" in pod["metadata"]
        state = "leaving" if leaving else "ready" if is_ready(pod) else _trouble(pod)
        text = state + (f", {restarts} restarts" if restarts else "") + f", on {pod['spec'].get('nodeName', 'no node')}"
        yield StatusRow(
            f"Pod ({pod['metadata']['labels'].get(names.COMPONENT, '?')})", name, text, is_fine=leaving or is_ready(pod)
        )


def _move(instance: Instance) -> Iterator[StatusRow]:
    """How far a move of the database is, and what is kept of one that has ended."""
    postgres = instance.settings.postgres
    if postgres.move is None:
        return
    text = f"{postgres.mode} is live, {postgres.move.beside} beside it: {postgres.move.step}"
    yield StatusRow("Move", "database", text, is_fine=postgres.move.step in ("kept", "released"))


def _edge(instance: Instance) -> Iterator[StatusRow]:
    """How many proxies have documents. How old these are is in a proxy's memory: `ff doctor` asks each."""
    if not instance.settings.edge.enabled:
        return
    warm = [pod for pod in pods_of(instance, PodComponent.EDGE) if is_ready(pod)]
    nodes = {pod["spec"].get("nodeName") for pod in warm}
    proxies, places = "proxy" if len(warm) == 1 else "proxies", "node" if len(nodes) == 1 else "nodes"
    text = f"{len(warm)} {proxies} with documents, on {len(nodes)} {places}"
    yield StatusRow("Edge", names.EDGE, text, is_fine=len(warm) >= FEWEST_PROXIES)


def _rollouts(instance: Instance) -> Iterator[StatusRow]:
    """Whether somebody looks at the rollouts, and whom their guards ask. How the last look went, `ff doctor` asks."""
    settings = instance.settings.rollouts
    if not settings.enabled:
        return
    is_there = any(is_ready(pod) for pod in pods_of(instance, PodComponent.ROLLOUTS))
    asked = settings.prometheus.url or "no Prometheus, so that none with a guard rises"
    text = f"looked at every {settings.interval} s, guards ask {asked}" if is_there else "no pod looks at them"
    yield StatusRow("Rollouts", names.ROLLOUTS, text, is_fine=is_there)


def _owner_kind(pod: Manifest) -> str:
    owners = pod["metadata"].get("ownerReferences") or [{}]
    return str(owners[0].get("kind", ""))


def _trouble(pod: Manifest) -> str:
    for entry in pod.get("status", {}).get("containerStatuses") or []:
        reason = (entry.get("state", {}).get("waiting") or {}).get("reason")
        if reason:
            return str(reason)
    unscheduled = condition(pod, "PodScheduled")
    if unscheduled.get("status") == "False":
        return f"not scheduled: {unscheduled.get('message', '')}"
    return f"{pod.get('status', {}).get('phase', 'Unknown')}, not ready"


def _jobs(items: Iterable[Manifest]) -> Iterator[StatusRow]:
    for item in items:
        if _owner_kind(item) == "CronJob":
            continue
        complete, failed = condition(item, "Complete"), condition(item, "Failed")
        if complete.get("status") == "True":
            yield StatusRow("Job", item["metadata"]["name"], f"done at {complete.get('lastTransitionTime')}")
        elif failed.get("status") == "True":
            text = f"failed: {failed.get('reason', '')} {failed.get('message', '')}".rstrip()
            # One that `ff` started told of its failure there; the stack is none the worse for it.
            by_hand = STARTED_BY in (item["metadata"].get("annotations") or {})
            yield StatusRow("Job", item["metadata"]["name"], text, is_fine=by_hand)
        else:
            yield StatusRow("Job", item["metadata"]["name"], "running")


def _cron_jobs(items: Iterable[Manifest]) -> Iterator[StatusRow]:
    for item in items:
        last = last_success(item)
        if item["spec"].get("suspend"):
            if last is not None:
                yield StatusRow("CronJob", item["metadata"]["name"], f"by hand, last success {last:%Y-%m-%d %H:%M} UTC")
            continue
        tried = item.get("status", {}).get("lastScheduleTime")
        text = f"{item['spec']['schedule']}, last success {f'{last:%Y-%m-%d %H:%M} UTC' if last else 'never'}"
        is_late = bool(tried) and (not last or last < datetime.fromisoformat(tried))
        yield StatusRow(
            "CronJob", item["metadata"]["name"], text, is_fine=not is_late or bool(item["status"].get("active"))
        )


def _budgets(items: Iterable[Manifest]) -> Iterator[StatusRow]:
    for item in items:
        state = item.get("status", {})
        allowed = state.get("disruptionsAllowed", 0)
        text = f"{state.get('currentHealthy', 0)} healthy, {allowed} may be evicted"
        yield StatusRow("PodDisruptionBudget", item["metadata"]["name"], text)


def _autoscalers(items: Iterable[Manifest]) -> Iterator[StatusRow]:
    for item in items:
        spec, state = item["spec"], item.get("status", {})
        active = condition(item, "ScalingActive")
        text = f"{state.get('currentReplicas', 0)} of {spec.get('minReplicas', 1)} to {spec['maxReplicas']}"
        is_blind = active.get("status") == "False"
        if is_blind:
            text += f", blind: {active.get('message', active.get('reason', ''))}"
        yield StatusRow("HorizontalPodAutoscaler", item["metadata"]["name"], text, is_fine=not is_blind)


def _ingresses(items: Iterable[Manifest], *, awaited: bool) -> Iterator[StatusRow]:
    for item in items:
        found = ((item.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
        addresses = [entry.get("ip") or entry.get("hostname") for entry in found]
        # Some controllers publish no address, so that its absence is trouble only where the settings count on one.
        text = ", ".join(map(str, addresses)) or "no address"
        yield StatusRow("Ingress", item["metadata"]["name"], text, is_fine=bool(addresses) or not awaited)


def _certificates(instance: Instance, now: datetime) -> Iterator[StatusRow]:
    for ingress in instance.items("networking.k8s.io/v1", "Ingress"):
        for name in filter(None, (entry.get("secretName") for entry in ingress["spec"].get("tls") or [])):
            yield certificate_row(name, instance.get("v1", "Secret", name), now)
    by_gateway = instance.settings.gateway_tls_secret_name
    if by_gateway is not None:
        yield certificate_row(by_gateway, instance.get("v1", "Secret", by_gateway), now)


def certificate_row(name: str, secret: Manifest | None, now: datetime) -> StatusRow:
    """How the certificate in a TLS Secret is, seen at `now`."""
    expiry = not_after(secret)
    if expiry is None:
        missing = "not issued yet" if secret is None else "holds no certificate (tls.crt)"
        return StatusRow("Certificate", name, missing, is_fine=False)
    days = (expiry - now).days
    return StatusRow("Certificate", name, f"valid for {days} days", is_fine=days >= EXPIRES_SOON_DAYS)


def not_after(secret: Manifest | None) -> datetime | None:
    """When the certificate in a TLS Secret expires; None when there is none."""
    # Only a certificate needs it, and it takes a fifth of a second to import.
    from cryptography import x509

    data: dict[str, Any] = (secret or {}).get("data") or {}
    try:
        return x509.load_pem_x509_certificate(base64.b64decode(data["tls.crt"])).not_valid_after_utc
    except (KeyError, ValueError):
        return None
