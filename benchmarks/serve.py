"""How long `ff flags serve` takes from its start to the first answer, and from a saved file to what an SDK is told.

`.venv/bin/python benchmarks/serve.py` measures the example's catalogue, and one of 500 flags. Goals: 1 s, 0.5 s.
"""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
FF = str(Path(sys.executable).parent / "ff")
RUNS = 5
FLAGS = 500
LONGEST = 30.0  # seconds
STATE = re.compile("enabled: (?:true|false)")
OTHER = {"enabled: true": "enabled: false", "enabled: false": "enabled: true"}
FLAG = "    description: One of many.\n    owner: team\n    kind: ops\n    enabled: false\n"


@contextmanager
def served(catalogue: Path) -> Iterator[tuple[str, float]]:
    """A server of a catalogue, and the seconds until it answered for the first time."""
    ready = catalogue.with_name("ready.json")
    started = time.perf_counter()
    command = [FF, "flags", "serve", str(catalogue), "--port", "0", "--ready-file", str(ready)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not ready.exists():
            if process.poll() is not None or time.perf_counter() - started > LONGEST:
                sys.exit(f"{' '.join(command)} did not answer")
            time.sleep(0.002)
        url = str(json.loads(ready.read_text(encoding="utf-8"))["url"])
        headers = {"X-Environment-Key": "local-development"}
        httpx.get(f"{url}api/v1/flags/", headers=headers).raise_for_status()
        yield url, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(LONGEST)


def until_told(url: str, catalogue: Path) -> float:
    """Seconds from a saved change to the event of real-time updates."""
    heard = threading.Event()
    first = threading.Event()
    at: list[float] = []

    def listen() -> None:
        with httpx.stream("GET", f"{url}sse/environments/local-development/stream", timeout=LONGEST) as answer:
            for line in answer.iter_lines():
                if line.startswith("data:") and first.is_set():
                    at.append(time.perf_counter())
                    heard.set()
                    return
                if line.startswith("data:"):
                    first.set()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    if not first.wait(LONGEST):
        sys.exit("no event came")
    text = catalogue.read_text(encoding="utf-8")
    saved = time.perf_counter()
    # The first state of the first flag, which counts in the environment that is listened to.
    catalogue.write_text(STATE.sub(lambda found: OTHER[found[0]], text, count=1), encoding="utf-8")
    if not heard.wait(LONGEST):
        sys.exit("no event came")
    thread.join()
    return at[0] - saved


def catalogues(home: Path) -> Iterator[tuple[str, Path]]:
    """The example's, and a large one, each in a directory of its own."""
    example, large = home / "example" / "catalogue.yaml", home / "large" / "catalogue.yaml"
    for path in (example, large):
        path.parent.mkdir()
    example.write_text((ROOT / "flags" / "catalogue.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    flags = "".join(f"  flag_{number}_enabled:\n{FLAG}" for number in range(FLAGS))
    large.write_text(f"project: Large\nenvironments: [development, production]\nflags:\n{flags}", encoding="utf-8")
    yield "the example", example
    yield f"{FLAGS} flags", large


def main() -> None:
    """Measure both, several times round."""
    print(f"| | to the first answer, median of {RUNS} | to the event, median of {RUNS} |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        for name, path in catalogues(Path(directory)):
            starts, events = [], []
            for _ in range(RUNS):
                with served(path) as (url, seconds):
                    starts.append(seconds)
                    events.append(until_told(url, path))
            print(f"| {name} | {statistics.median(starts):.2f} s | {statistics.median(events):.2f} s |")


if __name__ == "__main__":
    main()
