"""What does not fit the edge, and what is worth knowing of it."""

from collections.abc import Iterator

from components.settings.model import Settings
from components.settings.problems import Problem


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield a range of proxies without one; nothing where there are none."""
    edge = settings.edge
    if not edge.enabled:
        return
    if settings.edge_replicas > settings.most_edge_replicas:
        stated = "maxReplicas" if edge.autoscaling.max_replicas is not None else "minReplicas"
        yield Problem(
            path=("edge", "autoscaling", stated),
            text=f"leaves no range: the fewest proxies are {settings.edge_replicas}, the most "
            f"{settings.most_edge_replicas}. Lower edge.autoscaling.minReplicas, or raise edge.autoscaling.maxReplicas",
        )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield whoever could read whole environments from the proxies' Service."""
    if settings.edge.enabled and not settings.isolated:
        yield (
            "edge.enabled without network policies: every pod of the cluster can read whole environments from the "
            "Service flagsmith-edge with a public key. Set networkPolicy.enabled to true"
        )
