"""Which metrics there are, from scrapes of real exporters, and what an expression in PromQL takes for granted.

`mistakes(expression)` names each metric, label and value of a label that no scrape in `tests/scrapes/` has. A scrape is
a text file of Prometheus' format, whose first lines say where it is from.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import promql_parser

SCRAPES = Path(__file__).parent / "scrapes"
NEWER = SCRAPES / "newer"
"""Of versions above those that are deployed."""

TARGET_LABELS = frozenset({"namespace", "pod", "container", "instance", "job", "component", "endpoint"})
"""What the Prometheus operator and the stack's PodMonitor add to every series of a target."""

OBJECT_LABELS = frozenset({"deployment", "statefulset", "cronjob"})
"""Whose values are names of the stack's objects: those that it has are known, not those that once were recorded."""

OF_PROMETHEUS = frozenset({"up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS"})
"""Series that no exporter has, since Prometheus makes them."""

MADE_OF_PROMETHEUS = {"ALERTS": frozenset({"alertname", "alertstate", "severity"})}


@dataclass(frozen=True)
class Metrics:
    """The samples of scrapes: the values of each label of each metric."""

    names: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    def labels(self, name: str) -> frozenset[str]:
        """The labels that series of `name` have, its target's included."""
        own = MADE_OF_PROMETHEUS.get(name, frozenset()) if name in OF_PROMETHEUS else frozenset(self.names[name])
        return TARGET_LABELS | own


SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?P<labels>.*)\})? \S+( \d+)?")
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?')


def parse_scrape(text: str) -> Metrics:
    """The metrics of a scrape, by the names that Prometheus gives them; ValueError where it is none.

    The parser of Prometheus' Python client would call counters by their names in OpenMetrics, with `_total` at the end.
    """
    found: dict[str, dict[str, set[str]]] = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        sample = SAMPLE.fullmatch(line)
        if sample is None:
            raise ValueError(f"no sample: {line}")
        labels = found.setdefault(sample["name"], defaultdict(set))
        for label, value in LABEL.findall(sample["labels"] or ""):
            labels[label].add(value)
    return Metrics({name: {key: frozenset(v) for key, v in labels.items()} for name, labels in found.items()})


def scrapes(*, newer: bool = False) -> list[Path]:
    """All recorded scrapes; with `newer`, those of newer versions in place of those that are deployed."""
    found = [NEWER / path.name if newer else path for path in sorted(SCRAPES.glob("*.txt"))]
    return [path if path.exists() else SCRAPES / path.name for path in found]


@cache
def recorded_metrics(*, newer: bool = False) -> Metrics:
    """The metrics of all recorded scrapes."""
    merged: dict[str, dict[str, frozenset[str]]] = {}
    for path in scrapes(newer=newer):
        for name, labels in parse_scrape(path.read_text(encoding="utf-8")).names.items():
            known = merged.setdefault(name, {})
            for label, values in labels.items():
                known[label] = known.get(label, frozenset()) | values
    return Metrics(merged)


@dataclass(frozen=True)
class Matcher:
    """One condition on a label: `op` is one of =, !=, =~ and !~."""

    label: str
    op: str
    value: str


@dataclass(frozen=True)
class Selector:
    """What an expression selects: a metric's name, and conditions on its labels."""

    metric: str
    matchers: tuple[Matcher, ...]


OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def selectors(expression: str) -> list[Selector]:
    """Every selector of an expression. ValueError where it is no PromQL."""
    found: list[Selector] = []

    def visit(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            matchers = tuple(
                Matcher(item.name, OPERATORS[str(item.op).rpartition(".")[2]], item.value)
                for item in node.matchers.matchers
            )
            found.append(Selector(node.name or "", matchers))

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def named_labels(expression: str) -> set[str]:
    """The labels that an expression groups and joins by, without those that it makes itself."""
    named: set[str] = set()
    made: set[str] = set()

    def visit(node: object) -> None:
        match node:
            case promql_parser.AggregateExpr() if node.modifier is not None:
                named.update(node.modifier.labels)
            case promql_parser.BinaryExpr() if node.modifier is not None:
                named.update(node.modifier.matching.labels if node.modifier.matching else ())
                named.update(node.modifier.group_labels or ())
            case promql_parser.Call() if node.func.name in {"label_replace", "label_join"}:
                made.add(str(node.args[1].val))

    promql_parser.walk(promql_parser.parse(expression), visit)
    return named - made


def mistakes(expression: str, metrics: Metrics | None = None) -> list[str]:
    """What an expression takes for granted and no scrape has, one sentence each; none if all is there."""
    known = recorded_metrics() if metrics is None else metrics
    found = selectors(expression)
    wrong = [text for selector in found for text in _mistakes_of(selector, known)]
    names = {item.metric for item in found if item.metric in known.names or item.metric in OF_PROMETHEUS}
    labels = frozenset[str]().union(*(known.labels(name) for name in names))
    wrong += [
        f"no metric of {expression!r} has the label {label}" for label in sorted(named_labels(expression) - labels)
    ]
    return wrong


def _mistakes_of(selector: Selector, known: Metrics) -> Iterator[str]:
    name = selector.metric
    if name in OF_PROMETHEUS:
        return
    if name not in known.names:
        yield f"no scrape has the metric {name}"
        return
    for matcher in selector.matchers:
        if matcher.label in TARGET_LABELS:
            continue
        if matcher.label not in known.labels(name):
            yield f"{name} has no label {matcher.label}, only {', '.join(sorted(known.names[name]))}"
        elif matcher.label not in OBJECT_LABELS and not is_possible(matcher, known.names[name][matcher.label]):
            yield f"no series of {name} matches {matcher.label}{matcher.op}{matcher.value!r}"


def is_possible(matcher: Matcher, values: Iterable[str]) -> bool:
    """Whether a value that was seen matches; a condition that excludes holds for what was not seen."""
    match matcher.op:
        case "=":
            return matcher.value in values or matcher.value == ""
        case "=~":
            return any(re.fullmatch(matcher.value, value) for value in values)
        case _:
            return True
