"""The way in from outside: the ingress, its address, its name and its certificate."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

from components.settings.sections.ingress import CLASS_ANNOTATION
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.commands.status.status import EXPIRES_SOON_DAYS, not_after
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import condition
from flagops.kubernetes.refusals import DeniedError, UnknownKindError
from flagops.stacks.deployed import Instance


def ingress(examination: Examination) -> Iterator[DoctorFinding]:
    """An Ingress that nobody serves, or a name that leads nowhere."""
    instance = examination.instance
    settings = instance.settings.ingress
    # The local cluster has no ingress controller, unless the settings count on one.
    if not instance.is_published and not (settings.enabled and settings.await_address):
        return
    if not settings.enabled and not instance.settings.gateway.enabled:
        yield from unresolved_names(examination)
    for item in instance.items("networking.k8s.io/v1", "Ingress"):
        name = item["metadata"]["name"]
        entries = ((item.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
        missing = _missing_class(examination, item, is_served=bool(entries))
        if missing is not None:
            yield missing
        elif not entries:
            yield DoctorFinding(
                "ingress-without-address",
                f"The Ingress {name} has no address.",
                (f"{_class(item) or 'no class'}, no entry in status.loadBalancer", *examination.said_of(name)),
                f"{instance.kubectl} describe ingress {name}",
            )
        else:
            yield from unresolved_names(examination)


def _class(item: Manifest) -> str | None:
    named = item["spec"].get("ingressClassName")
    return f"class {named}" if named else None


def _missing_class(examination: Examination, item: Manifest, *, is_served: bool) -> DoctorFinding | None:
    """A class that the cluster does not have, or none at all. One in the annotation alone cannot be looked up."""
    instance, name, wanted = examination.instance, item["metadata"]["name"], item["spec"].get("ingressClassName")
    if wanted is None and (is_served or CLASS_ANNOTATION in (item["metadata"].get("annotations") or {})):
        return None
    known = [found["metadata"]["name"] for found in instance.client.list("networking.k8s.io/v1", "IngressClass", "")]
    if wanted in known:
        return None
    return DoctorFinding(
        "ingress-class-missing",
        f"No controller serves the Ingress {name}: "
        + (f"there is no IngressClass {wanted}." if wanted else "it names no class, and there was no default one."),
        (f"the cluster has: {', '.join(known) or 'none'}",),
        f"install the controller, or set ingress.className in Pulumi.{instance.stack.name}.yaml",
    )


def unresolved_names(examination: Examination) -> Iterator[DoctorFinding]:
    """The names that this machine cannot resolve."""
    for host in examination.instance.settings.hosts:
        yield from unresolved(examination, host)


def unresolved(examination: Examination, host: str) -> Iterator[DoctorFinding]:
    """A name, as this machine resolves it. A further one may be a name of another network."""
    try:
        socket.getaddrinfo(host, 443)
    except OSError as error:
        is_further = host in examination.instance.settings.additional_hosts
        where = "the name's DNS record" + (", which may be one of your network alone" if is_further else "")
        yield DoctorFinding(
            "dns-public",
            f"The name {host} cannot be resolved from here.",
            (f"{host}: {error.strerror or error}",),
            f"{examination.instance.kubectl} get {_ways_in(examination)}   (its address belongs into {where})",
        )


def _ways_in(examination: Examination) -> str:
    """What has the address, as kubectl takes it."""
    settings = examination.instance.settings
    if not settings.gateway.enabled:
        return "ingress"
    return "ingress,gateway" if settings.ingress.enabled else "gateway"


def certificates(examination: Examination, now: datetime | None = None) -> Iterator[DoctorFinding]:
    """Certificates that were not issued, or end soon."""
    instance = examination.instance
    found = []
    if instance.settings.tls_secret_name is not None:
        found += [
            entry["secretName"]
            for item in instance.items("networking.k8s.io/v1", "Ingress")
            for entry in item["spec"].get("tls") or []
            if entry.get("secretName")
        ]
    if instance.settings.gateway_tls_secret_name is not None:
        found.append(instance.settings.gateway_tls_secret_name)
    for name in sorted({*found}):
        yield from _certificate(examination, name, now or datetime.now(UTC))


def _certificate(examination: Examination, name: str, now: datetime) -> Iterator[DoctorFinding]:
    instance = examination.instance
    ends = not_after(instance.get("v1", "Secret", name))
    fix = f"{instance.kubectl} describe certificate,certificaterequest,order,challenge"
    if ends is None and not _has_cert_manager(instance):
        yield DoctorFinding(
            "cert-manager-missing",
            f"cert-manager is not installed, so nobody issues the certificate in the Secret {name}.",
            ("the cluster knows no kind Certificate in cert-manager.io/v1",),
            "install cert-manager and the issuer that the settings name (docs/ingress.md), or say with tls.from where "
            f"the certificate comes from, in Pulumi.{instance.stack.name}.yaml",
        )
        return
    if ends is None:
        yield DoctorFinding(
            "certificate-not-issued",
            f"There is no certificate in the Secret {name}: browsers refuse the address.",
            ("the Secret is missing or has no tls.crt", *_said_by_cert_manager(instance.get(*CERTIFICATE, name))),
            fix,
        )
        return
    days = (ends - now).days
    if days < EXPIRES_SOON_DAYS:
        yield DoctorFinding(
            "certificate-expired" if days < 0 else "certificate-expiring",
            f"The certificate in the Secret {name} {'ended' if days < 0 else 'ends'} on {ends:%Y-%m-%d}.",
            (f"{days} days are left", *_said_by_cert_manager(instance.get(*CERTIFICATE, name))),
            fix,
        )


CERTIFICATE = ("cert-manager.io/v1", "Certificate")


def _has_cert_manager(instance: Instance) -> bool:
    """Whether the cluster has it; whoever may not look is told nothing of it. Asked only where it is to issue one."""
    if not instance.settings.issued_certificates:
        return True
    try:
        instance.items(*CERTIFICATE)
    except UnknownKindError:
        return False
    except DeniedError:
        return True
    return True


def _said_by_cert_manager(certificate: Manifest | None) -> tuple[str, ...]:
    ready = condition(certificate, "Ready") if certificate else {}
    return (f"cert-manager: {ready.get('reason', '')}: {ready.get('message', '')}",) if ready else ()
