"""What counters grew by. `increase` looks at differences alone: the first failures of a new series are none to it."""


def grown(counter: str, window: str) -> str:
    """PromQL: by how much each series of `counter` grew within `window`; one that began within it began at 0.

    A series is new when the window before had no sample of it, so that a scrape that failed makes none new.
    """
    new = f"(max_over_time({counter}[{window}]) unless max_over_time({counter}[{window}] offset {window}))"
    return f"({new} or increase({counter}[{window}]))"
