"""What runs rollouts: is it there, is its token taken, does Prometheus answer it, and does it look in time?"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.kubernetes.diagnose import log_or_reason
from flagops.kubernetes.objects import Manifest
from flagops.pods.pods import PodComponent, container, is_ready
from flagops.pods.pods import pods as pods_of
from flagops.pods.python_in_pod import run_python

if TYPE_CHECKING:
    from components.settings import Settings

SCRIPT: Final = Path(__file__).with_name("in_pod") / "rollouts.py"
SLOWEST_LOOK_SECONDS: Final = 300
"""Beside two intervals, as the alert FlagsmithRolloutsLate allows."""
LOG_LINES: Final = 100
SHOWN: Final = 5
SEEN: Final = ("WARNING", "ERROR")


def rollouts_pod(examination: Examination) -> Iterator[DoctorFinding]:
    """No pod that is ready."""
    if not examination.instance.settings.rollouts.enabled:
        return
    found = pods_of(examination.instance, PodComponent.ROLLOUTS)
    if not any(is_ready(pod) for pod in found):
        yield DoctorFinding(
            "rollouts-pod-away",
            "No pod runs the rollouts: no step is taken, and no broken guard takes one back.",
            tuple(f"{pod['metadata']['name']}: {pod.get('status', {}).get('phase', 'Unknown')}" for pod in found)
            or ("there is no pod at all",),
            f"ff logs --stack {examination.instance.stack.name} --component rollouts   (none at all: ff up makes it)",
        )


def looked_at_rollouts(examination: Examination) -> Iterator[DoctorFinding]:
    """Ask from within the pod; one that is not ready is the other check's."""
    instance = examination.instance
    if not instance.settings.rollouts.enabled:
        return
    ready = [pod for pod in pods_of(instance, PodComponent.ROLLOUTS) if is_ready(pod)]
    if ready:
        what = "The rollouts' pod cannot be checked"
        seen = run_python(instance, SCRIPT, what=what, component=PodComponent.ROLLOUTS)
        yield from of_rollouts(instance.stack.name, instance.settings, seen, _log(examination, ready[0]))


def of_rollouts(
    stack: str, settings: "Settings", seen: Mapping[str, Any], log: tuple[str, ...]
) -> Iterator[DoctorFinding]:
    """What the script saw, judged.

    Args:
        stack: The stack's name.
        settings: Its settings.
        seen: What the script printed.
        log: What the pod has warned of, the newest last.
    """
    flagsmith, itself = seen["flagsmith"], seen["itself"]
    yield from _account(stack, flagsmith)
    yield from _prometheus(stack, seen["prometheus"], itself.get("unanswered", ()))
    if not flagsmith.get("projects"):
        return  # looks that cannot go well are no other fault
    most = 2 * settings.rollouts.interval + SLOWEST_LOOK_SECONDS
    if "mute" in itself:
        yield _late(stack, f"its metrics do not answer: {itself['mute']}")
    elif not itself["is_well"] and log:  # the last one that went well may be long ago by that
        yield DoctorFinding(
            "rollouts-unread",
            "The last look at the rollouts could not read or write all of them.",
            log,
            f"ff logs --stack {stack} --component rollouts",
        )
    elif itself["seconds"] is not None and itself["seconds"] > most:
        yield _late(stack, f"the last look ended {itself['seconds']:.0f} s ago; {most} s are the most")


def _account(stack: str, flagsmith: Mapping[str, Any]) -> Iterator[DoctorFinding]:
    if "away" in flagsmith:
        yield DoctorFinding(
            "rollouts-flagsmith-away",
            "The rollouts' pod gets no answer from Flagsmith.",
            (flagsmith["away"],),
            f"ff logs --stack {stack} --component rollouts   (the other findings say whether Flagsmith is away)",
        )
    elif not flagsmith.get("projects"):
        yield DoctorFinding(
            "rollouts-token-refused",
            "Flagsmith refuses the token of the rollouts' pod, or shows it no project: its account was changed there.",
            (flagsmith.get("refused", "its account sees no project"),),
            f"ff secrets rotate rollouts --stack {stack}",
        )


def _prometheus(stack: str, asked: Mapping[str, Any], unanswered: list[str]) -> Iterator[DoctorFinding]:
    if "away" in asked:
        yield DoctorFinding(
            "rollouts-prometheus-away",
            "Prometheus does not answer the rollouts' pod: no rollout with a guard rises, and no guard is broken.",
            (f"{asked['url']}: {asked['away']}",),
            f"correct rollouts.prometheus, or networkPolicy.egress.prometheus, and ff up --stack {stack}",
        )
    elif asked["url"] is None and unanswered:
        yield DoctorFinding(
            "rollouts-prometheus-away",
            "Rollouts have guards, but the settings name no Prometheus: these rollouts never rise.",
            tuple(unanswered[:SHOWN]),
            f"set rollouts.prometheus.url, and ff up --stack {stack}",
        )


def _late(stack: str, evidence: str) -> DoctorFinding:
    return DoctorFinding(
        "rollouts-late",
        "The pod looks at the rollouts too seldom: a broken guard takes its rollout back late.",
        (evidence,),
        f"ff logs --stack {stack} --component rollouts",
    )


def _log(examination: Examination, pod: Manifest) -> tuple[str, ...]:
    """What it warned of last."""
    instance, name = examination.instance, pod["metadata"]["name"]
    lines = log_or_reason(instance.client, instance.namespace, name, container(pod), lines=LOG_LINES).splitlines()
    return tuple(examination.mask(text) for text in map(_warning, lines) if text)[-SHOWN:]


def _warning(line: str) -> str:
    try:
        said = json.loads(line)
    except ValueError:
        return ""
    if not isinstance(said, dict) or said.get("levelname") not in SEEN:
        return ""
    facts = (said.get("rollout"), said.get("message"), said.get("why"))
    return ": ".join(str(fact) for fact in facts if fact)
