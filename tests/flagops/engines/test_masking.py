"""What is taken out of texts that people see."""

import json

import pytest

from flagops.kubernetes.masking import Masker

PAIRS = [{"server_side_key": "ser.Ab3dEf6hIj", "client_side_key": "Pub1icPub1ic"}]
FILE = {"environment_key_pairs": PAIRS, "api_url": "http://flagsmith:8000/api/v1", "logging": {"log_format": "json"}}


@pytest.mark.parametrize("value", [json.dumps(PAIRS), json.dumps(FILE), json.dumps(FILE, indent=2)])
def test_a_server_side_key_in_a_document_is_a_secret_and_its_other_words_are_none(value: str) -> None:
    text = "json: GET http://flagsmith:8000/api/v1 with ser.Ab3dEf6hIj for Pub1icPub1ic"
    assert Masker([value])(text) == "json: GET http://flagsmith:8000/api/v1 with <secret> for Pub1icPub1ic"
    assert Masker([value])(f"x {value} y") == "x <secret> y"


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("postgresql://flags:hunter22@db:5432/flags?sslmode=require", "hunter22"),
        ("rediss://:hunter22@cache:6379/0", "hunter22"),
        ("postgresql://flags:p%40ss%2Fword@db/flags", "p@ss/word"),
        ("postgresql://flags:p%40ss%2Fword@db/flags", "p%40ss%2Fword"),
    ],
)
def test_a_password_in_an_address_is_a_secret_and_its_user_and_host_are_none(url: str, password: str) -> None:
    text = f"flags cannot log in at db or cache with {password}."
    assert Masker([url])(text) == "flags cannot log in at db or cache with <secret>."


@pytest.mark.parametrize("value", ["http://[", "[{,}", "[" * 100_000, "https://nobody@example.com", "[10]"])
def test_a_value_that_only_looks_like_one_is_masked_as_it_is(value: str) -> None:
    assert Masker([value])(f"a {value} b") == "a <secret> b"


def test_what_pydantic_refused_is_not_shown_be_it_cut_or_whole() -> None:
    lines = (
        "  String should match pattern 'ser\\.*' [type=string_pattern_mismatch, input_value='Ab3d', input_type=str]",
        "[input_value={'server_side_key': 'ser.A...ix'}, input_type=dict], [input_value='b', input_type=str]",
    )
    shown = [Masker([])(line) for line in lines]
    assert shown[0].endswith("[type=string_pattern_mismatch, input_value=<secret>, input_type=str]")
    assert shown[1].count("<secret>") == 2
    assert "Ab3d" not in shown[0]
    assert "ser." not in shown[1]
