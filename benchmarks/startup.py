"""How long the command takes to start and to find that nothing changed, as ratios within one run.

Run it with the local stack deployed (`make up`): `.venv/bin/python benchmarks/startup.py`. Seconds differ from machine
to machine; the ratio to the time that Python takes to import what every Pulumi program imports hardly does.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FF = str(Path(sys.executable).parent / "ff")
RUNS = 5

BASE = [sys.executable, "-c", "import pulumi, pulumi_kubernetes.core.v1, pulumi_kubernetes.apps.v1"]
MEASURED = {
    "import of Pulumi and the Kubernetes SDK (base)": BASE,
    "ff --help": [FF, "--help"],
    "ff flags --help": [FF, "flags", "--help"],
    "ff status --help": [FF, "status", "--help"],
    "ff render --stack production": [FF, "render", "--stack", "production", "--out", "build/benchmark"],
    "ff preview --stack local, nothing to change": [FF, "preview", "--stack", "local"],
    "ff up --stack local, nothing to change": [FF, "up", "--stack", "local", "--yes"],
}


def seconds(command: list[str]) -> float:
    """The wall time of one run; a command that fails ends the benchmark with its output."""
    started = time.perf_counter()
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{result.stdout}{result.stderr}")
    return time.perf_counter() - started


def main() -> None:
    """Run each command in turn, several times round, so that a slow moment of the machine hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in MEASURED}
    for _ in range(RUNS):
        for name, command in MEASURED.items():
            times[name].append(seconds(command))
    medians = {name: statistics.median(values) for name, values in times.items()}
    base = next(iter(medians.values()))
    print("| | median of 5 | ratio to the base |\n|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {median:.2f} s | {median / base:.2f} |")


if __name__ == "__main__":
    main()
