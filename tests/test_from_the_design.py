"""Every command of the original design runs, or its replacement does: against what is really deployed."""

import base64
import inspect
import re
import shlex

import pytest
from flagsmith import Flagsmith

from tests.recording import ROOT, Recording, container, environment, recorded

PAGE = ROOT / "docs" / "from-the-design.md"
KINDS = {"deployment": "Deployment", "statefulset": "StatefulSet", "svc": "Service", "secret": "Secret"}


def rows() -> list[tuple[str, str]]:
    """The first two cells of each row: the design's words, and what to type, with 'the same' filled in."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 3 and not set(cells[0]) <= {"-"} and not cells[0].startswith("The design's"):
            found.append((cells[0].strip("`"), cells[0].strip("`") if cells[1] == "the same" else cells[1].strip("`")))
    return found


COMMANDS = [typed for _, typed in rows() if typed.startswith("kubectl ")]


def written(start: str) -> str:
    """What to write in place of the design's code that begins like this."""
    (found,) = (instead for code, instead in rows() if code.startswith(start))
    return found


def targets(command: str) -> tuple[str, list[tuple[str, str]], list[str]]:
    """The namespace, the objects a kubectl command names, and what it executes in the pod."""
    words = shlex.split(command.partition(" | ")[0])
    ran = words[words.index("--") + 1 :] if "--" in words else []
    words = words[: words.index("--")] if "--" in words else words
    named = [(KINDS[kind], name) for kind, _, name in (w.partition("/") for w in words) if kind in KINDS and name]
    if words[1:3] == ["get", "secret"]:
        named.append(("Secret", words[3]))
    return words[words.index("-n") + 1], named, ran


def test_the_table_has_every_command_of_the_design() -> None:
    assert len(rows()) == 19 + 8 + 3
    assert len(COMMANDS) == 12


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_names_objects_that_are_deployed(command: str) -> None:
    recording = recorded("production")
    namespace, named, _ = targets(command)
    assert namespace == recording.program.outputs["namespace"]
    for kind, name in named:
        recording.one(kind, name)
    assert named or command.startswith("kubectl get ")


def pod_of(recording: Recording, command: str) -> dict[str, object]:
    _, ((kind, name),), _ = targets(command)
    return dict(recording.one(kind, name)["spec"]["template"])


@pytest.mark.parametrize("command", [c for c in COMMANDS if "redis-cli" in c])
def test_redis_cli_finds_its_password_in_the_pod(command: str) -> None:
    recording = recorded("production")
    pod = pod_of(recording, command)
    assert container(pod)["name"] == "redis"
    assert environment(pod)["REDISCLI_AUTH"]["secretKeyRef"]["name"] == "flagsmith-redis"


def test_psql_finds_its_user_in_the_pod_and_is_not_in_the_database_of_the_application() -> None:
    (command,) = (c for c in COMMANDS if "psql" in c)
    *_, ran = targets(command)
    env = environment(pod_of(recorded("production"), command))
    assert ran[:5] == ["psql", "-U", env["POSTGRES_USER"], "-d", "postgres"]
    assert env["POSTGRES_DB"] != "postgres"


def test_a_port_forward_ends_at_the_port_flagsmith_listens_on() -> None:
    (command,) = (c for c in COMMANDS if "port-forward" in c)
    service = recorded("production").one("Service", "flagsmith")
    assert command.endswith(f":{service['spec']['ports'][0]['port']}")
    assert "http://localhost:8000" in str(
        environment(recorded("production").one("Deployment", "flagsmith")["spec"]["template"])
    )


def test_manage_py_finds_the_database_in_the_pod() -> None:
    (command,) = (c for c in COMMANDS if "manage.py" in c)
    assert "DATABASE_URL" in environment(pod_of(recorded("production"), command))


def test_the_admin_secret_has_the_key_that_is_asked_for() -> None:
    (command,) = (c for c in COMMANDS if "flagsmith-admin" in c)
    key = re.search(r"\.data\.(\w+)", command)
    assert key is not None
    assert key[1] in recorded("production").one("Secret", "flagsmith-admin")["data"]


def test_the_release_the_hosts_and_the_user_are_those_that_are_deployed() -> None:
    pod = pod_of(recorded("production"), "kubectl get -n feature-flags deployment/flagsmith")
    assert container(pod)["image"].partition("@")[0] in written("flagsmith/flagsmith:")
    hosts = str(environment(pod)["DJANGO_ALLOWED_HOSTS"]).split(",")
    assert "flags.footanalytics.com" in hosts
    assert "$(POD_IP)" in hosts
    assert not any("*" in host for host in hosts)
    user = base64.b64decode(recorded("production").one("Secret", "flagsmith-database")["data"]["username"]).decode()
    assert f"`{user}`" in written("DATABASE_URL")


def test_the_sdks_for_python_and_node_are_as_it_is_said() -> None:
    assert not inspect.iscoroutinefunction(Flagsmith.get_identity_flags)
    assert "asyncio.to_thread" in written("await ")
    for name in ("on", "track"):
        assert not hasattr(Flagsmith, name)
    engine = (ROOT / "examples" / "python" / "footanalytics" / "inference.py").read_text(encoding="utf-8")
    assert "asyncio.to_thread" in engine
    client = (ROOT / "examples" / "node" / "src" / "flagsmith.ts").read_text(encoding="utf-8")
    assert re.search(r"import \{[^}]*\bFlagsmith\b[^}]*\} from \"flagsmith-nodejs\"", client)
    page = (ROOT / "examples" / "react" / "src" / "features.js").read_text(encoding="utf-8")
    assert "cacheFlags: true" in page
    assert "onError" in page
