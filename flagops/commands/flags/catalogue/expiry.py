"""How a flag in Flagsmith says until when it may stay: by a tag, which `flag_metrics_tag` reads for all."""

from datetime import date

from components.flag_metrics.in_pod.flag_metrics_tag import PREFIX


def expiry_tag(expires: date | None) -> frozenset[str]:
    """The tag that says a flag's expiry, if it has one."""
    return frozenset() if expires is None else frozenset([f"{PREFIX}{expires.isoformat()}"])
