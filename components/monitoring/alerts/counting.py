"""What counters grew by. `increase` looks at differences alone: the first failures of a new series are none to it."""

from typing import Final

# The past is looked at in steps of so many minutes. The pods of a stack that is new to Prometheus are found and scraped
# one by one: within two steps, all are.
SHORTEST_STEP: Final = 5
LOOKS: Final = 48


def grown(counter: str, minutes: int, stack: str) -> str:
    """PromQL: by how much each series of `counter` grew within `minutes`; one that began within them began at 0.

    A series is new when it was not there in the window before, while other pods of the stack were. So one is not new to
    a Prometheus that has just started or that was away, nor while the scrapes of its pod fail.

    Args:
        counter: the selector of the series.
        minutes: the window.
        stack: the matcher of the stack's series.
    """
    step = max(SHORTEST_STEP, minutes // LOOKS)
    window, up = f"{minutes}m", f"up{{{stack}}}"
    # Looked for from earlier on than the stack, so that the end of a gap in both makes nothing new.
    first = f"min_over_time(timestamp({counter})[{2 * minutes + 4 * step}m:{step}m])"
    stack_first = f"scalar(min(min_over_time(timestamp({up})[{2 * minutes}m:{step}m])))"
    not_scraped = f"(max_over_time({up}[{window}] offset {minutes + step}m) == 0)"
    new = (
        f"max_over_time({counter}[{window}]) and {first} > time() - {60 * minutes} "
        f"and {first} > {stack_first} + {60 * 2 * step} unless on (pod) {not_scraped}"
    )
    return f"(({new}) or increase({counter}[{window}]))"
