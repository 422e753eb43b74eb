"""Secrets that are written out in what is deployed, where everybody reads who may read a pod."""

from collections.abc import Iterator

from components.kit import names
from flagops.commands.doctor.model import DoctorFinding, Examination
from policies.check import check
from policies.model import Manifest, Object, Objects
from policies.rules.secrets import RULES

KINDS = (("v1", "ConfigMap"), ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("batch/v1", "CronJob"))
INGRESS = ("networking.k8s.io/v1", "Ingress")


def plain_secrets(examination: Examination) -> Iterator[DoctorFinding]:
    """Ask the rule `plain-secret` about the stack's objects as they are now: somebody may have edited them since."""
    items = tuple(
        Object(_as_written({"apiVersion": version, "kind": kind, **item}))
        for version, kind in (*KINDS, INGRESS)
        for item in examination.instance.items(version, kind)
        if names.COMPONENT in (item["metadata"].get("labels") or {})
    )
    report = check(Objects(items, harmless=examination.instance.stack.harmless), RULES)
    found: dict[str, list[str]] = {}
    for violation in report.violations:
        found.setdefault(str(violation.finding.object), []).append(violation.finding.path)
    for name, paths in found.items():
        yield DoctorFinding(
            "plain-secret",
            f"{name} holds what looks like a secret: everybody who may read the object can read it.",
            tuple(dict.fromkeys(paths)),
            f"ff policy check --stack {examination.instance.stack.name}   "
            "(clean: somebody edited it; ff up takes it back)",
        )


def _as_written(manifest: Manifest) -> Manifest:
    """Without kubectl's copy of the whole object, in which each finding would come a second time."""
    annotations = manifest["metadata"].get("annotations") or {}
    kept = {
        key: value for key, value in annotations.items() if key != "kubectl.kubernetes.io/last-applied-configuration"
    }
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": kept}}
