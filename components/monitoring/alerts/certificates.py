"""The public certificate, by cert-manager's metrics."""

from collections.abc import Iterator
from typing import Final

from components.monitoring.alerts.missing import or_zero
from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.subject import Subject

SECONDS_A_DAY: Final = 86_400
# What cert-manager's controller always has, with or without certificates.
CLOCK: Final = "certmanager_clock_time_seconds_gauge"
SEEN: Final = f"(max({CLOCK}) > 0)"


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of the certificates that cert-manager renews: of the Ingress, and of the stack's own Gateway."""
    if not subject.certificates:
        return
    runbook = "20-the-certificate-is-not-renewed"
    yield Alert(
        name="FlagsmithCertificateEnds",
        expression=" or ".join(_ends(subject, name) for name in subject.certificates),
        minutes=60,
        severity="critical",
        summary="The certificate ends soon, and was not renewed.",
        description='The certificate {{ $labels.name }} ends in {{ $value | printf "%.1f" }} days.',
        runbook=runbook,
    )
    yield Alert(
        name="FlagsmithCertificateNotReady",
        expression=" or ".join(_not_ready(subject, name) for name in subject.certificates),
        minutes=30,
        severity="warning",
        summary="There is no valid certificate.",
        description="cert-manager could not issue the certificate {{ $labels.name }}, or knows none of this name.",
        runbook=runbook,
    )


def _ends(subject: Subject, name: str) -> str:
    # Of a cert-manager that is gone, what it said last: the end stays where it is.
    ends = _series(subject, name, "certmanager_certificate_expiration_timestamp_seconds", within="1d")
    # One that was never issued ends at 0.
    return f"""
            (max by (name) ({ends} > 0) - time()) / {SECONDS_A_DAY} < {subject.thresholds.certificate_days}"""


def _not_ready(subject: Subject, name: str) -> str:
    ready = _series(subject, name, "certmanager_certificate_ready_status", ',condition="True"')
    return f"{or_zero(f'max by (name) ({ready})', provided=SEEN, name=name)} == 0"


def _series(subject: Subject, name: str, metric: str, more: str = "", within: str = "") -> str:
    # Prometheus renames the label of a metric that its own target has too, unless told not to.
    own, renamed = (
        f'{metric}{{{key}="{subject.namespace}",name="{name}"{more}}}' for key in ("namespace", "exported_namespace")
    )
    if within:
        own, renamed = (f"last_over_time({one}[{within}])" for one in (own, renamed))
    return f"({renamed} or {own})"
