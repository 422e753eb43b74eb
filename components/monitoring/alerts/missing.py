"""Series that are not there. What is gone takes the metric of its life along, and a rule on that alone falls silent.

Both sides of such a rule have the same labels: an alert whose labels change is another, and waits for its minutes anew.
"""


def or_zero(expression: str, *, unless: str = "", provided: str = "", **labels: str) -> str:
    """PromQL: `expression`, and where it has no series a 0 with `labels`.

    `labels` must be those that `expression` is grouped by; it may have series with other values of them. The 0 is left
    out while `unless` has a result, which vouches for what is not seen, and while `provided` has none, without which
    nothing can be said. Both are compared on no label.
    """
    zero = "vector(0)"
    for label, value in labels.items():
        zero = f'label_replace({zero}, "{label}", "{value}", "", "")'
    if unless:
        zero = f"({zero} unless on () {unless})"
    if provided:
        zero = f"({zero} and on () {provided})"
    return f"({expression} or {zero})"


def held(expression: str, within: str, *, unless: str = "") -> str:
    """PromQL: `expression`, and where it has no series its last result `within` (`1h`).

    The last result is left out while `unless` has a result, which is compared on no label.
    """
    last = f"last_over_time(({expression})[{within}:1m])"
    if unless:
        last = f"({last} unless on () {unless})"
    return f"({expression} or {last})"
