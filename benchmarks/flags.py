"""How long a plan takes that finds nothing to change, as a ratio within one run to reading the catalogue alone.

`FLAGSMITH_API_KEY=… .venv/bin/python benchmarks/flags.py http://localhost:8000` exports the project that is there and
plans that; nothing is written to it. Without the variable the stack `local` is taken, as `ff` reaches it.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FF = str(Path(sys.executable).parent / "ff")
RUNS = 5


def seconds(command: list[str]) -> float:
    """The wall time of one run; a command that fails ends the benchmark with its output."""
    started = time.perf_counter()
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{result.stdout}{result.stderr}")
    return time.perf_counter() - started


def main() -> None:
    """Measure both in turn, several times round."""
    where = ["--url", sys.argv[1]] if len(sys.argv) > 1 else ["--stack", "local"]
    with tempfile.TemporaryDirectory() as home:
        path = str(Path(home) / "catalogue.yaml")
        seconds([FF, "flags", "export", *where, "--out", path])
        measured = {
            "ff flags validate (base)": [FF, "flags", "validate", path],
            "ff flags plan, nothing to change": [FF, "flags", "plan", path, *where],
        }
        times: dict[str, list[float]] = {name: [] for name in measured}
        for _ in range(RUNS):
            for name, command in measured.items():
                times[name].append(seconds(command))
    base = statistics.median(next(iter(times.values())))
    print(f"| | median of {RUNS} | ratio to the base |\n|---|---|---|")
    for name, values in times.items():
        print(f"| {name} | {statistics.median(values):.2f} s | {statistics.median(values) / base:.1f} |")


if __name__ == "__main__":
    main()
