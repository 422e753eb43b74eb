"""What a stack looks like at a glance."""

from dataclasses import dataclass, field
from typing import Final

WHAT: Final = {"platform": "Flagsmith", "edge": "Edge Proxy"}
"""What a stack's release is of, by its role."""


@dataclass(frozen=True)
class StatusRow:
    """One object, or one kind of pods.

    Attributes:
        kind: What it is, such as Deployment.
        name: Its name.
        state: How it is, for people.
        is_fine: Whether it is as it should be.
    """

    kind: str
    name: str
    state: str
    is_fine: bool = True


@dataclass(frozen=True)
class Status:
    """A stack at a glance.

    Attributes:
        stack: Its name.
        context: The kubeconfig's context it is in.
        namespace: Its namespace.
        role: What the stack is by its settings: `platform`, or `edge` for an edge alone.
        version: The release that is deployed, of Flagsmith or of the edge's proxies.
        url: Where people find it.
        is_simulated: Whether the nodes are simulated, so that nothing runs, and nothing is served at the address.
        rows: All that is looked at.
    """

    stack: str
    context: str
    namespace: str
    role: str
    version: str
    url: str
    is_simulated: bool = False
    rows: list[StatusRow] = field(default_factory=list)

    @property
    def is_fine(self) -> bool:
        """Whether everything is as it should be, and is served."""
        return not self.is_simulated and all(row.is_fine for row in self.rows)
