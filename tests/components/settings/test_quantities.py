"""Arithmetic on Kubernetes quantities."""

import pytest

from components.settings import quantities


@pytest.mark.parametrize(
    ("text", "millicores"), [("1", 1000), ("500m", 500), ("0.5", 500), ("1.5", 1500), ("0.0001", 1), ("1e1", 10000)]
)
def test_cpu_is_counted_in_thousandths(text: str, millicores: int) -> None:
    assert quantities.parse_cpu(text) == millicores


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1Gi", 1024**3), ("1.5Gi", 3 * 512 * 1024**2), ("1G", 10**9), ("100k", 10**5), ("1E", 10**18), ("1Ei", 2**60)],
)
def test_memory_is_counted_in_bytes(text: str, amount: int) -> None:
    assert quantities.parse_memory(text) == amount


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi", "1gb", "-1", "1Gib", "1,5"])
def test_what_is_no_quantity_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a Kubernetes quantity"):
        quantities.parse_memory(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1000M", "1G"),
        ("2Gi", "2Gi"),
        ("1048576", "1048576"),
        ("0.5Ti", "512Gi"),
    ],
)
def test_memory_is_written_as_the_api_server_stores_it(text: str, canonical: str) -> None:
    assert quantities.canonical_memory(text) == canonical


@pytest.mark.parametrize(("text", "canonical"), [("0.5", "500m"), ("1000m", "1"), ("1500m", "1500m"), ("2.0", "2")])
def test_cpu_is_written_as_the_api_server_stores_it(text: str, canonical: str) -> None:
    assert quantities.canonical_cpu(text) == canonical
