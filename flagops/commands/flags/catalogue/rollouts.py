"""What a rollout makes in Flagsmith: segments that hold a share of users."""


def rollout_segment(flag: str, environment: str, group: str | None = None) -> str:
    """The name of the segment that holds a share of users. It is a flag's and an environment's own, and its percentage
    is changed in place: Flagsmith chooses by the segment, so that who is in stays in when the share grows."""
    return ".".join(filter(None, (flag, environment, group)))
