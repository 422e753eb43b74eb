"""What does not fit the edge, and what is worth knowing of it."""

from collections.abc import Iterator

from components.settings.images import parse_image
from components.settings.model import Settings
from components.settings.problems import Problem

RUST = "edge-proxy-rs"


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield a range of proxies without one; nothing where there are none."""
    edge = settings.edge
    if not edge.enabled:
        return
    if settings.generates_edge_keys and settings.sdk_keys.overlap_hours == 0:
        yield Problem(
            path=("sdkKeys", "overlapHours"),
            text="must be at least 1 with edge.enabled: with 0 the bootstrap Job deletes the old keys before the "
            "proxies have the new ones. Until then running proxies could not renew their documents, and none could "
            "start. If a key has leaked, delete it by hand in Flagsmith's pages once `ff up` has ended",
        )
    if settings.edge_replicas > settings.most_edge_replicas:
        stated = "maxReplicas" if edge.autoscaling.max_replicas is not None else "minReplicas"
        yield Problem(
            path=("edge", "autoscaling", stated),
            text=f"leaves no range: the fewest proxies are {settings.edge_replicas}, the most "
            f"{settings.most_edge_replicas}. Lower edge.autoscaling.minReplicas, or raise edge.autoscaling.maxReplicas",
        )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield whoever could read whole environments from the proxies' Service, and who does not get flags by the edge."""
    if settings.edge.enabled and not settings.isolated:
        yield (
            "edge.enabled without network policies: every pod of the cluster can read whole environments from the "
            "Service flagsmith-edge with a public key. Set networkPolicy.enabled to true"
        )
    if settings.edge.enabled and parse_image(settings.edge.image).repository.rpartition("/")[2] == RUST:
        yield (
            f"edge.image {settings.edge.image}: the Rust proxy does not hide flags that are off from clients where "
            "hide_disabled_flags is on, and answers 503 to server-side keys. It was read, not run here (docs/edge.md)"
        )
    if settings.edge.enabled and not settings.is_edge and not settings.edge.clients:
        yield (
            "edge.enabled: applications that take FLAGSMITH_API_URL from the Secrets flagsmith-sdk-keys-… ask the API "
            "itself, and get no flags while it is away. To use the edge, they need the client-side key, and the public "
            "name or, if edge.clients names them, http://flagsmith-edge:8000/api/v1/ (docs/edge.md)"
        )
