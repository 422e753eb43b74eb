"""Rules of the way in: log-ins and keys do not cross the network unencrypted."""

from collections.abc import Iterator

from policies.model import MISSING, Enforcement, Finding, Manifest, Object, Objects, Rule
from policies.unknown import apart

# Names below it always mean the machine that asks (RFC 6761).
LOOPBACK = ".localhost"
# Who ends TLS where no field of an Ingress can say it: `controller`, with its own certificate, or `upstream` of it.
ENDED_BY = "feature-flags/tls"


def _covered(host: str, names: set[str]) -> bool:
    return host in names or f"*.{host.partition('.')[2]}" in names


def _tls(objects: Objects) -> Iterator[Finding]:
    for item in objects.of("Ingress"):
        yield from apart(_of_ingress(item))


def _of_ingress(item: Object) -> Iterator[Finding]:
    ended_by = (item.metadata.get("annotations") or {}).get(ENDED_BY)
    if ended_by == "upstream":
        return
    yield from apart(_covers(item))
    for entry in item.spec.get("tls") or ():
        yield from apart(_has_secret(item, entry, ended_by))


def _covers(item: Object) -> Iterator[Finding]:
    names = {name for entry in item.spec.get("tls") or () for name in entry.get("hosts") or ()}
    for host in _hosts(item):
        if not host.endswith(LOOPBACK) and not _covered(host, names):
            value = sorted(names) or MISSING
            yield Finding(item, "spec.tls", value, f"an entry with the host {host or '(any)'} and a Secret")


def _has_secret(item: Object, entry: Manifest, ended_by: str | None) -> Iterator[Finding]:
    if not entry.get("secretName") and ended_by != "controller":
        yield Finding(item, "spec.tls.secretName", MISSING, "the name of a Secret with the certificate")


def _hosts(item: Object) -> list[str]:
    rules = [str(rule.get("host") or "") for rule in item.spec.get("rules") or ()]
    return sorted(set(rules)) or [""]


def _elsewhere(objects: Objects) -> Iterator[Finding]:
    return iter(()) if objects.production else _tls(objects)


RULES = (
    Rule(
        id="ingress-tls",
        title="In production every host of an Ingress has a certificate",
        description="Without one, passwords and server-side keys cross the network unencrypted. Where the controller "
        f"has its own certificate, or TLS ends before the Ingress, the annotation {ENDED_BY} says so.",
        enforcement=Enforcement.MANDATORY,
        remedy="Set `ingress.tls.from`.",
        check=_tls,
        production_only=True,
    ),
    Rule(
        id="ingress-tls-elsewhere",
        title="Outside production, too, every host of an Ingress has a certificate",
        description="As in production. Names below .localhost, which mean this machine, are let be.",
        enforcement=Enforcement.ADVISORY,
        remedy="Set `ingress.tls.from`.",
        check=_elsewhere,
    ),
)
