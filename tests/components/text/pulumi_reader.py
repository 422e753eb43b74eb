"""What Pulumi's own reader makes of values in a stack's file: recorded in scalars.json, renewed by running this file.

`python -m tests.components.text.pulumi_reader` asks the Go program in tools/pulumi-yaml about every value of SCALARS,
alone and within a map, and writes its answers down.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.recording import ROOT

RECORDED: Final = Path(__file__).with_name("scalars.json")
PROGRAM: Final = ROOT / "tools" / "pulumi-yaml"

SCALARS: Final = (
    *("NO", "No", "no", "n", "N", "YES", "Yes", "yes", "y", "Y", "on", "On", "ON", "off", "Off", "OFF"),
    *("true", "True", "TRUE", "tRUE", "false", "False", "FALSE", "'true'", '"false"', "t", "f"),
    *("~", "null", "Null", "NULL", "nULL", "''", '""', "'~'", "none", "nil"),
    *("0", "00", "007", "017", "0777", "08", "09.5", "0o17", "0O17", "0o8", "-0o17", "+0o17", "0b101", "0B101"),
    *("0b102", "-0b101", "0x1F", "0X1f", "0xg", "-0x1F", "0x", "0b", "0o"),
    *("1", "+1", "-1", "-0", "+0", "--1", "1_000", "1__0", "1_", "_1", "0x_1F", "1,000", "12e03", "1e3", "1E3", "1e+3"),
    *("1e-3", "1e-7", "1.5e-7", "1e20", "1e21", "1e22", "1.25e22", "1e400", "-1e400", "1e-400", "1e", "e1", "1e3.5"),
    *(".5", "+.5", "-.5", "5.", "1.0", "1.10", "1.50", "0.1", "0.30000000000000004", "-0.0", ".", "..", ".e3", "._5"),
    *("1.5_0", "1_0.5", "1.2.3", "2.265.0", "2.27", "190:20:30", "22:30", "22:30:15", "1:30.5", "-22:30"),
    *(".inf", ".Inf", "-.inf", "+.inf", ".iNF", ".nan", ".NaN", ".NAN", "inf", "nan", "NaN"),
    *("9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616"),
    *("-9223372036854775808", "-9223372036854775809", "+9223372036854775808", "0xFFFFFFFFFFFFFFFFFF"),
    *(
        "2026-01-01",
        "2026-1-2",
        "2026-13-01",
        "2026-02-29",
        "2024-02-29",
        "20260101",
        "2026-01",
        "2026-01-01T10:00:00Z",
    ),
    *("2026-01-01T10:00:00.120Z", "2026-01-01 10:00:00", "2026-01-01 10:00:00.5", "2026-01-01 1:2:3"),
    *("2026-01-01T10:00:00", "2026-01-01T25:00:00Z", "2026-01-01t10:00:00Z", "2026-01-01T10:00:00+02:30"),
    *("2026-01-01 10:00:00Z", "'2026-01-01'", "!!str 2026-01-01", "!!timestamp 2026-01-01", "!!timestamp soon"),
    *("!!str 123", "!!str true", "!!str", "!!int 12", "!!int '12'", "!!int 1.5", "!!int x", "!!float 1", "!!float 1.5"),
    *("!!bool true", "!!bool yes", "!!null ~", "!!null x", "!!binary aGk=", "!odd 5", "!odd true"),
    *(
        "<<",
        "=",
        "a b",
        "a#b",
        "a #b",
        "'a''b'",
        '"a\\nb"',
        '"\\u00e9"',
        "é",
        "日本",
        "\U0001f600",
        "a:b",
        "a: b",
        "-a",
        "- a",
    ),
    *(
        "[]",
        "{}",
        "[NO, 22:30, 1.0, 017]",
        "[1e3, .5, ~, '']",
        "{NO: on}",
        "{a: 1, b: {c: 2.50}}",
        "{1: a}",
        "{true: a}",
    ),
    *("{~: a}", "{1.5: a}", "{2026-01-01: a}", "{'1': a}", "{a: 1, a: 2}", "{1: a, '1': b}", "{<<: {a: 1}, b: 2}"),
    *("{a: 3, <<: {a: 1, b: 2}}", "{<<: [{a: 1}, {a: 2, b: 2}]}", "{<<: 1}", "[a, [b, {c: d}]]", "&x [1, 2]", "*x"),
    *(
        "|\n a\n b\n",
        ">-\n a\n b",
        "\n  - NO\n  - 1.0",
        "\n  a: 22:30\n  b: 0o17",
        "[",
        "{",
        "'",
        "a: b: c",
        "\t",
        "@a",
        "`a`",
    ),
    *("%a", "? a", "&", "*", "[a", "a]", "{secure: 5}"),
)
"""Values as people write them, and as nobody should: well over a hundred."""


def texts() -> list[str]:
    """Every value alone, and within a map, which is handed over in JSON."""
    return [*SCALARS, *(f"\n  inside:\n    {text}" for text in SCALARS if "\n" not in text)]


def ask(values: list[str]) -> list[dict[str, Any]]:
    """What Pulumi's reader says; the test is skipped where there is no Go."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed: see README.md")
    done = subprocess.run(
        [go, "run", "-mod=readonly", "."],
        cwd=PROGRAM,
        env={**os.environ, "GOWORK": "off", "CGO_ENABLED": "0"},
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def recorded() -> dict[str, dict[str, Any]]:
    """The answers on record, by value."""
    found: dict[str, dict[str, Any]] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    answers = dict(zip(texts(), ask(texts()), strict=True))
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in answers.items())
    RECORDED.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
