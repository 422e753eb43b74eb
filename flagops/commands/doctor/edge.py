"""The edge: are there enough proxies with documents, on more than one node, how old are these, and whose are they?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from components.kit import names
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.kubernetes.diagnose import log_or_reason
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import condition
from flagops.kubernetes.refusals import DeniedError
from flagops.pods.edge_keys import client_keys, edge_secret, key_of, secret_name
from flagops.pods.pods import PodComponent, container, is_ready
from flagops.pods.pods import pods as pods_of
from flagops.pods.port_forward import LOOPBACK, forward_to
from flagops.trust import no_authorities

if TYPE_CHECKING:
    from components.settings import Settings

FEWEST = 2  # with documents: one may go at any time, and a new one has none while Flagsmith is away
REQUEST_SECONDS = 5
POLLS_MISSED = 6  # before documents count as stale; and never sooner than after a minute
STALE_SECONDS = 60.0
LOG_LINES = 200
REFUSED = "403 Forbidden"  # what a proxy logs of Flagsmith's answer to its server-side key
Documents = Mapping[str, str]


@dataclass(frozen=True)
class Proxy:
    """What one proxy said.

    Attributes:
        pod: Its pod's name.
        updated: When it last had the documents of all environments; None if never.
        documents: By each client-side key of its Secret the key of the environment whose document it gives for it.
    """

    pod: str
    updated: datetime | None
    documents: Documents

    def age(self, now: datetime) -> float | None:
        """How many seconds ago it had them; None if never."""
        return None if self.updated is None else (now - self.updated).total_seconds()


def edge_pods(examination: Examination) -> Iterator[DoctorFinding]:
    """Fewer proxies with documents than outlast the loss of one, or all of them on one node."""
    instance = examination.instance
    if not instance.settings.edge.enabled:
        return
    warm = [pod for pod in pods_of(instance, PodComponent.EDGE) if is_ready(pod)]
    found = tuple(f"{pod['metadata']['name']} on {pod['spec'].get('nodeName', 'no node')}" for pod in warm)
    if len(warm) < FEWEST:
        yield DoctorFinding(
            "edge-not-warm",
            f"Proxies of the edge with documents: {len(warm)}; {FEWEST} are the fewest.",
            found or ("no proxy is ready",),
            f"ff logs --stack {instance.stack.name} --component edge",
        )
    elif len({pod["spec"].get("nodeName") for pod in warm}) == 1 and _nodes(examination) > 1:
        yield DoctorFinding(
            "edge-on-one-node",
            "All proxies of the edge are on one node: if that is lost, so is every document.",
            found,
            f"{instance.kubectl} delete pod {warm[0]['metadata']['name']}   (a new one goes to another node; "
            "only while Flagsmith is there)",
        )


def _nodes(examination: Examination) -> int:
    """How many nodes could take a pod; 0 if that may not be read."""
    try:
        nodes = examination.instance.client.list("v1", "Node", "")
    except DeniedError:
        return 0
    usable = [node for node in nodes if not node["spec"].get("unschedulable")]
    return sum(condition(node, "Ready").get("status") == "True" for node in usable)


def edge_documents(examination: Examination) -> Iterator[DoctorFinding]:
    """Ask each proxy how old its documents are, and whose it gives for each key."""
    instance = examination.instance
    if not instance.settings.edge.enabled:
        return
    secret, stack = secret_name(instance), instance.stack.name
    keys = client_keys(edge_secret(instance), key_of(instance))
    most, now = most_seconds(instance.settings.edge.poll_seconds), datetime.now(UTC)
    proxies, running = [], [pod for pod in pods_of(instance, PodComponent.EDGE) if _runs(pod)]
    for pod in running:
        with forward_to(instance, partial(_this, pod), names.EDGE_PORT) as port:
            proxies.append(ask_proxy(pod["metadata"]["name"], f"http://{LOOPBACK}:{port}", keys))
    by_name = {pod["metadata"]["name"]: pod for pod in running}
    behind = [proxy for proxy in proxies if (age := proxy.age(now)) is None or age > most]
    # Of one with documents what it said lately: it may have been refused once, and stand still for another reason.
    lately = {proxy.pod: None if proxy.updated is None else int(most) for proxy in behind}
    refused = [proxy for proxy in behind if REFUSED in _log(examination, by_name[proxy.pod], lately[proxy.pod])]
    well = [proxy for proxy in proxies if proxy not in refused]
    if refused:
        yield DoctorFinding(
            "edge-key-refused",
            "Flagsmith refuses a server-side key of the edge: it was deleted, or is another Flagsmith's.",
            tuple(f"{proxy.pod}: Flagsmith answered {REFUSED}" for proxy in refused),
            renewed(instance.settings, secret, stack),
        )
    yield from stale(well, stack=stack, most=most, now=now)
    yield from silent([proxy for proxy in well if is_ready(by_name[proxy.pod])], stack=stack)
    adopts = f"ff keys adopt --stack {stack} && ff up --stack {stack}"
    fix = adopts if instance.settings.generates_edge_keys else corrected(secret, stack)
    yield from mixed(proxies, fix=fix)


def renewed(settings: "Settings", secret: str, stack: str) -> str:
    """What brings keys that Flagsmith knows."""
    if settings.generates_edge_keys:
        return f"ff keys register --stack {stack}   (if its environment was deleted: take it out of admin.environments)"
    if settings.edge.primary is not None and settings.edge.primary.stack is not None:
        return f"deploy {settings.edge.primary.stack}, then ff up --stack {stack}, which takes the keys that it gives"
    return corrected(secret, stack)


def corrected(secret: str, stack: str) -> str:
    """What to do about keys in a Secret: the program never reads one of yours, so that `ff up` restarts nothing."""
    return f"correct the keys in the Secret {secret}, then ff restart --stack {stack} --component edge"


def most_seconds(poll_seconds: int) -> float:
    """How old documents may be before they count as stale."""
    return max(STALE_SECONDS, float(POLLS_MISSED * poll_seconds))


def silent(ready: Sequence[Proxy], *, stack: str) -> Iterator[DoctorFinding]:
    """Proxies that are ready and do not say when they had their documents: nobody would see old ones."""
    names_of = tuple(proxy.pod for proxy in ready if proxy.updated is None)
    if names_of:
        yield DoctorFinding(
            "edge-silent",
            "Proxies of the edge are ready and do not say when they last had their documents: these may be old.",
            tuple(f"{name}: no last_successful_update at /proxy/health/readiness" for name in names_of),
            f"ff logs --stack {stack} --component edge   (it does not answer, or is another program than Flagsmith's "
            "Edge Proxy)",
        )


def stale(proxies: Sequence[Proxy], *, stack: str, most: float, now: datetime) -> Iterator[DoctorFinding]:
    """Documents that were not renewed for some time."""
    ages = [(proxy.pod, age) for proxy in proxies if (age := proxy.age(now)) is not None]
    evidence = tuple(f"{pod}: all documents were last there {age:.0f} s ago" for pod, age in ages if age > most)
    if evidence:
        yield DoctorFinding(
            "edge-stale",
            "The edge goes on with old documents: Flagsmith does not answer it, or its polls have ended.",
            evidence,
            f"ff logs --stack {stack} --component edge   (the other findings say whether Flagsmith is away; if it is "
            f"well, and they stay old, ff restart --stack {stack} --component edge)",
        )


def mixed(proxies: Sequence[Proxy], *, fix: str) -> Iterator[DoctorFinding]:
    """Pairs of keys of two environments: clients of one get the flags of the other."""
    wrong = {(asked, given) for proxy in proxies for asked, given in proxy.documents.items() if asked != given}
    if wrong:
        yield DoctorFinding(
            "edge-keys-mixed",
            "A pair of the edge's keys is of two environments, so that clients of one get the flags of the other; or "
            "the client key was changed, and clients with the new one get 401.",
            tuple(
                f"for the client-side key {asked} the document of {given} is given" for asked, given in sorted(wrong)
            ),
            fix,
        )


def ask_proxy(pod: str, url: str, keys: Sequence[str]) -> Proxy:
    """Ask one proxy."""
    with httpx.Client(base_url=url, timeout=REQUEST_SECONDS, trust_env=False, verify=no_authorities()) as client:
        updated = _json(client, "/proxy/health/readiness").get("last_successful_update")
        documents = {
            key: str(document["api_key"])
            for key in keys
            if "api_key" in (document := _json(client, "/api/v1/environment-document", {"X-Environment-Key": key}))
        }
    return Proxy(pod, _moment(updated), documents)


def _json(client: httpx.Client, path: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """The object that answers, whatever the status; nothing where none does."""
    try:
        found = client.get(path, headers=headers).json()
    except (httpx.HTTPError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(text: object) -> datetime | None:
    """A proxy says it by its own clock, without a zone; a container's is UTC."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _this(pod: Manifest) -> Manifest:
    """The pod itself, ready or not: one without documents can be asked too."""
    return pod


def _runs(pod: Manifest) -> bool:
    statuses: Sequence[Manifest] = pod.get("status", {}).get("containerStatuses") or []
    return any("running" in (status.get("state") or {}) for status in statuses)


def _log(examination: Examination, pod: Manifest, seconds: int | None) -> str:
    """What a proxy said in these last seconds, or since its start."""
    instance, name = examination.instance, pod["metadata"]["name"]
    return log_or_reason(instance.client, instance.namespace, name, container(pod), lines=LOG_LINES, since=seconds)
