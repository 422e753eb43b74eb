"""Flags for tests: `ff flags serve` as long as the tests run, and every state of a flag for each of them."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CATALOGUE = Path(__file__).parents[2] / "flags" / "catalogue.yaml"
ENVIRONMENT = "development"


def states(flag: str) -> list[str]:
    """All that a flag can be: off, and on, or each of its variations."""
    command = ["ff", "flags", "document", str(CATALOGUE), "--environment", ENVIRONMENT]
    document = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    (state,) = (row for row in document["feature_states"] if row["feature"]["name"] == flag)
    options = [item["multivariate_feature_option"]["key"] for item in state["multivariate_feature_state_values"]]
    return ["off", *(["control", *options] if options else ["on"])]


@dataclass(frozen=True)
class ServedFlags:
    """A server of flags, with what an SDK needs to know of it."""

    url: str
    api_url: str
    client_side_key: str
    server_side_key: str

    @contextmanager
    def set(self, flag: str, state: str) -> Iterator[None]:
        """A flag as `state` says, for everybody, as long as the block runs."""
        value = {} if state in ("on", "off") else {"value": state}
        self._post("set", {"flag": flag, "environment": ENVIRONMENT, "enabled": state != "off", **value})
        try:
            yield
        finally:
            self._post("unset", {"flag": flag, "environment": ENVIRONMENT})

    def _post(self, what: str, content: dict[str, object]) -> None:
        body, headers = json.dumps(content).encode(), {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(f"{self.url}_ff/{what}", body, headers)).close()


@pytest.fixture(scope="session")
def flags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedFlags]:
    ready = tmp_path_factory.mktemp("flags") / "ready.json"
    command = ["ff", "flags", "serve", str(CATALOGUE), "--port", "0", "--ready-file", str(ready)]
    with subprocess.Popen(command) as process:
        while not ready.exists():
            assert process.poll() is None, "ff flags serve has ended: see above"
            time.sleep(0.02)
        found = json.loads(ready.read_text(encoding="utf-8"))
        yield ServedFlags(found["url"], found["api_url"], **found["environments"][ENVIRONMENT])
        process.terminate()
