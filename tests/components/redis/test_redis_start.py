"""The start of the embedded Redis, on a real one: its password, its bound, and the commands of its probes."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from tests.recording import container, record
from tests.servers import free_port

# Every character that means something to a shell or in a configuration file.
PASSWORD = """p"a'ss\\w$HOME`#é x"""


@pytest.fixture
def redis(program: Callable[[str, str], str], tmp_path: Path) -> Iterator[Callable[..., str]]:
    """A Redis started as in its pod, but on a free port and with a data directory of the test's own."""
    program("redis-server", "redis-server")
    pod = container(record("local").one("Deployment", "flagsmith-redis")["spec"]["template"])
    port = str(free_port())
    arguments = [str(tmp_path) if argument == "/data" else argument for argument in pod["args"]]
    environment = {**os.environ, "REDISCLI_AUTH": PASSWORD}
    command = [*pod["command"], *arguments, "--port", port, "--bind", "127.0.0.1"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def cli(*words: str, password: str = PASSWORD) -> str:
        result = subprocess.run(
            ["redis-cli", "-p", port, *words],
            env={**environment, "REDISCLI_AUTH": password},
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        return (result.stdout + result.stderr).strip()

    @retry(stop=stop_after_delay(10), wait=wait_fixed(0.05), retry=retry_if_result(lambda answer: answer != "PONG"))
    def answers() -> str:
        return cli("ping")

    try:
        answers()
        yield cli
    finally:
        server.terminate()
        server.communicate(timeout=10)


def test_a_plain_redis_cli_works_with_the_password_in_the_environment(redis: Callable[..., str]) -> None:
    assert redis("ping") == "PONG"
    assert redis("set", "key", "value") == "OK"


def test_a_wrong_password_is_refused(redis: Callable[..., str]) -> None:
    assert "NOAUTH" in redis("ping", password="wrong")


def test_the_password_is_in_no_process_list(redis: Callable[..., str]) -> None:
    assert redis("ping") == "PONG"
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, timeout=10, check=True).stdout
    assert "redis-server" in listed
    assert PASSWORD not in listed


def test_memory_is_bounded_and_nothing_is_written_to_disk(redis: Callable[..., str], tmp_path: Path) -> None:
    assert redis("config", "get", "maxmemory").split()[1] == str(96 * 1024 * 1024)
    assert redis("config", "get", "maxmemory-policy").split()[1] == "allkeys-lru"
    assert redis("config", "get", "appendonly").split()[1] == "no"
    assert redis("config", "get", "save").split() == ["save"]
    assert list(tmp_path.iterdir()) == []
