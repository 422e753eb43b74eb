"""How long the first apply of 50 flags in three environments takes, and how many requests it sends.

`FLAGSMITH_API_KEY=… .venv/bin/python benchmarks/first_apply.py http://localhost:8000 PROJECT` makes the flags and the
environments that are not there, and deletes what it made: use an empty project. It matters whether the environments are
there: new ones that are the same are made as copies. The base of the ratio is one request with the same key.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import yaml

FF = str(Path(sys.executable).parent / "ff")
FLAGS, ENVIRONMENTS = 50, ("development", "staging", "production")
ASKED = 5


def catalogue(project: str) -> dict[str, Any]:
    """Fifty flags: on in two environments of three, every fifth targeted, every tenth an experiment."""
    flags: dict[str, Any] = {}
    for number in range(FLAGS):
        flag: dict[str, Any] = {"description": "Measured.", "owner": "benchmark", "kind": "ops", "enabled": True}
        flag["environments"] = {"production": {"enabled": False}}
        if number % 5 == 0:
            flag["targeting"] = [{"segment": "benchmark_users", "enabled": True}]
        if number % 10 == 0:
            flag["variations"] = [{"name": name, "value": name, "weight": 50} for name in ("one", "two")]
        flags[f"benchmark_{number:02}"] = flag
    condition = {"trait": "benchmark", "operator": "EQUAL", "value": True}
    segments = {"benchmark_users": {"description": "Measured.", "all": [condition]}}
    return {"project": project, "environments": list(ENVIRONMENTS), "segments": segments, "flags": flags}


def main() -> None:
    """Measure one request, then the apply; delete what it made."""
    url, project, key = sys.argv[1], sys.argv[2], os.environ["FLAGSMITH_API_KEY"]
    with (
        tempfile.TemporaryDirectory() as home,
        httpx.Client(base_url=url, headers={"Authorization": f"Api-Key {key}"}, timeout=60) as http,
    ):
        number = next(row["id"] for row in http.get("/api/v1/projects/").json() if row["name"] == project)
        asked = []
        for _ in range(ASKED):
            started = time.perf_counter()
            http.get(f"/api/v1/projects/{number}/").raise_for_status()
            asked.append(time.perf_counter() - started)
        listed = {"project": number}
        there = {row["name"] for row in http.get("/api/v1/environments/", params=listed).json()["results"]}
        path = Path(home) / "catalogue.yaml"
        path.write_text(yaml.safe_dump(catalogue(project), sort_keys=False), encoding="utf-8")
        started = time.perf_counter()
        done = subprocess.run(
            [FF, "flags", "apply", str(path), "--url", url, "--yes"], capture_output=True, text=True, check=False
        )
        took = time.perf_counter() - started
        for what in ("features", "segments"):
            for row in http.get(f"/api/v1/projects/{number}/{what}/", params={"page_size": 999}).json()["results"]:
                if row["name"].startswith("benchmark_"):
                    http.delete(f"/api/v1/projects/{number}/{what}/{row['id']}/").raise_for_status()
        for row in http.get("/api/v1/environments/", params=listed).json()["results"]:
            if row["name"] in set(ENVIRONMENTS) - there:
                http.delete(f"/api/v1/environments/{row['api_key']}/").raise_for_status()
    if done.returncode:
        sys.exit(f"The apply failed:\n{done.stderr}")
    base = statistics.median(asked)
    print(f"| one request with the key, median of {ASKED} | {base:.2f} s | 1 |")
    print(f"| the apply, {len(there)} environments were there | {took:.1f} s | {took / base:.0f} |")


if __name__ == "__main__":
    main()
