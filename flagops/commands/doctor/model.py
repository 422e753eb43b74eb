"""What the doctor finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from flagops.kubernetes.masking import Masker
from flagops.kubernetes.objects import Manifest
from flagops.stacks.deployed import Instance


@dataclass(frozen=True)
class DoctorFinding:
    """One thing that is wrong.

    Attributes:
        name: What kind of fault it is, always the same word for the same fault.
        what: The fault in a sentence.
        evidence: What was seen; secrets masked.
        fix: The command that mends it, or shows more where that depends.
    """

    name: str
    what: str
    evidence: tuple[str, ...]
    fix: str


class Examination:
    """A stack under examination; what is listed is listed once.

    Attributes:
        instance: Where it is.
        environment_key: A key that is said to be refused; None to try those of the environments.
    """

    def __init__(self, instance: Instance, environment_key: str | None = None) -> None:
        self.instance = instance
        self.environment_key = environment_key

    @cached_property
    def pods(self) -> list[Manifest]:
        """The pods that are to go on, without those on their way out."""
        return [pod for pod in self.instance.items("v1", "Pod") if "deletionTimestamp" not in pod["metadata"]]

    @cached_property
    def deployments(self) -> list[Manifest]:
        """The Deployments."""
        return self.instance.items("apps/v1", "Deployment")

    @cached_property
    def jobs(self) -> list[Manifest]:
        """The Jobs."""
        return self.instance.items("batch/v1", "Job")

    @cached_property
    def events(self) -> list[Manifest]:
        """The events, the newest last."""
        found = self.instance.items("v1", "Event")
        return sorted(found, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))

    @cached_property
    def mask(self) -> Masker:
        """Takes secrets out of a text."""
        return self.instance.masker()

    def said_of(self, name: str, *, lines: int = 3) -> tuple[str, ...]:
        """The last warnings about an object."""
        found = [
            f"event {event.get('reason', '')}: {self.mask(event.get('message', ''))}"
            for event in self.events
            if event["involvedObject"].get("name") == name and event.get("type") == "Warning"
        ]
        return tuple(dict.fromkeys(found[-lines:]))


Check = Callable[[Examination], Iterator[DoctorFinding]]
