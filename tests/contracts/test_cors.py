"""The double answers browsers as the real Flagsmith did."""

import json
from pathlib import Path

import httpx
import pytest

from tests.doubles.flagsmith import Flagsmith, serve

FILE = Path(__file__).parent / "cors-2.265.0.json"


def test_a_page_of_another_origin_may_ask(subtests: pytest.Subtests) -> None:
    exchanges = json.loads(FILE.read_text(encoding="utf-8"))["exchanges"]
    with serve(Flagsmith()) as flagsmith, httpx.Client(base_url=flagsmith.url) as http:
        for exchange in exchanges:
            asked, answered = exchange["request"], exchange["response"]
            with subtests.test(f"{asked['method']} {asked['path']}"):
                found = http.request(asked["method"], asked["path"], headers=asked["headers"])
                kept = {name: value for name, value in found.headers.items() if name in answered["headers"]}
                kept |= {name: value for name, value in found.headers.items() if name.startswith("access-control-")}
                assert (found.status_code, kept) == (answered["status"], answered["headers"])
