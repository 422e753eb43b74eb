"""What `ff capacity` computes: never less for more, settings that hold, figures that are those of the benchmarks."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import Result

from components.settings import parse, warnings
from components.settings.quantities import parse_cpu
from components.settings.sizes import SIZES
from components.text import yaml12
from flagops.commands.capacity import figures, view
from flagops.commands.capacity.load import Load, requests
from flagops.commands.capacity.plan import ANYTHING, ORDER, capacity
from tests.recording import ROOT

Run = Callable[..., Result]
SMALL = Load(browsers=100_000, local_sdks=30)
LARGE = Load(browsers=8_000_000, local_sdks=300, reporting_clients=100, users=1_000_000)
GROWING = {
    "requests_per_day": 30_000_000,
    "polling_clients": 20_000,
    "browsers": 3_000_000,
    "identities_per_day": 3_000_000,
    "local_sdks": 20_000,
    "reporting_clients": 500,
    "flags": 200,
    "segments": 40,
    "segment_overrides": 1000,
    "identity_overrides": 1000,
    "users": 10_000_000,
    "traits": 20,
    "changes_per_day": 10_000,
    "raw_days": 60,
}


def amounts(load: Load) -> list[float]:
    """What may not fall when the load grows."""
    found = capacity(load)
    need, disk = found.need, found.disk
    return [
        need.cores,
        need.database_cores,
        need.replicas,
        ORDER.index(need.size),
        found.max_connections,
        found.task_processors,
        parse_cpu(found.postgres_cpu),
        disk.storage,
        disk.raw_rows_a_day,
        found.edge.proxies,
    ]


@pytest.mark.parametrize("what", GROWING)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_more_load_never_takes_less(what: str, data: st.DataObject) -> None:
    base = replace(SMALL, browsers=data.draw(st.integers(1, 2_000_000)), reporting_clients=1)
    less, more = sorted(data.draw(st.integers(1, GROWING[what])) for _ in range(2))
    changes: list[dict[str, Any]] = [{what: less}, {what: more}]
    first, second = (amounts(replace(base, **change)) for change in changes)
    assert all(before <= after for before, after in zip(first, second, strict=True))


@pytest.mark.parametrize("load", [SMALL, LARGE, replace(LARGE, availability="high"), replace(LARGE, edge=True)])
def test_the_settings_are_taken_as_they_are_and_warn_of_no_full_volume(load: Load) -> None:
    found = capacity(load)
    text = view.block(found.settings)
    read = yaml12.read(text)["config"]
    values = {key.removeprefix(view.PREFIX): value for key, value in read.items()}
    assert values == found.settings
    stack = parse({**ANYTHING, **values})
    assert stack.size == found.need.size
    assert stack.resolved_replicas == found.need.replicas
    assert [text for text in warnings(stack) if text.startswith("retention:")] == []


def test_a_size_is_the_first_that_is_enough() -> None:
    assert capacity(SMALL).need.size == "small"
    assert capacity(LARGE).need.size == "xlarge"
    # The vendor's bands of requests that know the user.
    for name, most in figures.BANDS.items():
        a_day = int(most * 86_400 / 2.4) + 100
        assert ORDER.index(capacity(Load(identities_per_day=a_day)).need.size) > ORDER.index(name)


def test_beyond_the_largest_size_pods_are_added_and_it_is_said() -> None:
    found = capacity(Load(requests_per_day=1_000_000_000))
    assert found.need.is_beyond
    assert found.need.replicas > SIZES["xlarge"].autoscaling[1]
    assert any("more than the largest size" in note for note in found.notes)


def test_the_edge_pays_for_users_with_traits_and_not_for_a_small_load() -> None:
    assert capacity(LARGE).edge.pays
    assert not capacity(SMALL).edge.pays
    # It does not answer who evaluates locally, and overrides make its answers dearer.
    assert not capacity(Load(local_sdks=50_000)).edge.pays
    plain = Load(requests_per_day=100_000_000)
    assert capacity(replace(plain, segments=15, segment_overrides=750)).edge.proxies > capacity(plain).edge.proxies
    assert capacity(replace(LARGE, edge=True)).settings["edge"]["enabled"]


def test_a_day_is_spread_over_its_hours() -> None:
    found = requests(Load(browsers=864_000, polling_clients=600, every=60, local_sdks=30, reporting_clients=20))
    assert (found.gets, found.posts, found.documents, found.reports) == (34, 24, 0.5, 2)


RESULTS = (ROOT / figures.RESULTS).read_text(encoding="utf-8")


@pytest.mark.parametrize("rate", figures.RATES, ids=lambda rate: rate.cell)
def test_each_rate_is_one_of_the_benchmark_s_results(rate: figures.Rate) -> None:
    rows = [line for line in RESULTS.splitlines() if line.startswith(rate.row) and rate.cell in line]
    assert len(rows) == 1
    assert float(rate.cell.split()[0].replace(",", "")) == rate.value


PAGE = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")


def test_the_page_has_each_figure() -> None:
    assert [rate.value for rate in figures.RATES if not re.search(rf"\b{rate.value:,}\b", PAGE)] == []


def test_the_worked_example_is_what_the_command_prints(run: Run) -> None:
    (words, shown) = re.findall(r"^\$ ff (capacity .*)\n((?:.+\n)+?)```", PAGE, re.MULTILINE)[0]
    printed = [line.rstrip() for line in run(*words.split()).stdout.splitlines()]
    assert shown.splitlines() == printed[: len(shown.splitlines())]


def test_it_prints_what_it_takes_and_the_settings_to_copy(run: Run) -> None:
    result = run("capacity", "--browsers", "100000", "--local-sdks", "30")
    assert result.exit_code == 0
    assert "feature-flags:size: small" in result.stdout
    assert "rough" in result.stdout


def test_json_has_the_same(run: Run) -> None:
    found: dict[str, Any] = json.loads(run("capacity", "--browsers", "100000", "--local-sdks", "30", "--json").stdout)
    assert found["need"]["size"] == found["settings"]["size"] == "small"
    assert found["disk"]["storage"] == 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "No load is given."),
        ("--flags 10", "No load is given."),
        ("--browsers 10 --every 5", "--every is for --polling-clients"),
        ("--browsers 10 --local-every 5", "--local-every is for --local-sdks"),
        ("--browsers 10 --availability best", "it must be single or high"),
        ("--requests-per-day 1000000000000", "500 is the most"),
        ("--browsers 10 --users 1000000000000", "65,536 is the most"),
        ("--browsers 10 --users 1000000000000 --traits 100000", "65,536 is the most"),
        ("--browsers 10 --edge --segments 100000 --flags 100000", "500 is the most"),
    ],
)
def test_wrong_input_is_one_message(run: Run, words: str, said: str) -> None:
    result = run("capacity", *words.split())
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.count("Error: ") == 1


@pytest.mark.parametrize("words", ["--browsers -1", "--browsers many", "--polling-clients 5 --every 0", "--flags 0"])
def test_what_is_no_such_number_names_the_option(run: Run, words: str) -> None:
    result = run("capacity", *words.split())
    assert result.exit_code == 2
    assert words.split()[-2] in result.stderr
