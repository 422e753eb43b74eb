"""How Prometheus finds the pods with metrics: by a PodMonitor, or by what the pods say of themselves."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scraping:
    """What there is to find them by.

    Attributes:
        monitors: whether there is a PodMonitor, which finds every port called `metrics`.
        rules: whether Prometheus takes alert rules from the cluster.
        annotates: whether pods carry the annotations that Prometheus' own examples of a configuration look for.
    """

    monitors: bool
    rules: bool
    annotates: bool

    def annotations(self, port: int, path: str = "/metrics") -> dict[str, str]:
        """The annotations of a pod that serves metrics at `path` of `port`; none where a PodMonitor finds it."""
        if not self.annotates:
            return {}
        return {"prometheus.io/scrape": "true", "prometheus.io/port": str(port), "prometheus.io/path": path}
