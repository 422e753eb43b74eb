"""Who reaches whom in a rendered stack, by our own evaluator."""

from tests.components.network.actors import NAMESPACES, OWN
from tests.components.network.evaluator import World
from tests.components.network.expected import Connection
from tests.components.network.rendered import Rendered


def reachable(stack: Rendered, *, blocks_match_pods: bool) -> set[Connection]:
    """Every connection that the policies let pass, with one end at least in the stack's namespace."""
    world = World(policies=stack.policies, namespaces=NAMESPACES, blocks_match_pods=blocks_match_pods)
    return {
        (source.name, destination.name, number, protocol)
        for source in stack.actors
        for destination in stack.actors
        if OWN in (source.namespace, destination.namespace)
        for way in [world.way(source, destination)]
        for number in stack.ports
        for protocol in ("TCP", "UDP")
        if way.passes(number, protocol)
    }
