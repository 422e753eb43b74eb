"""No refusal repeats what could be a secret, whichever setting it was typed into and whatever is wrong with it."""

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from typer.testing import Result

from components.settings import Settings, SettingsError, parse
from components.settings.schema import model_of, unwrap
from components.text.plain_secrets import dotted
from components.text.yaml12 import YamlError, read
from flagops.errors import OpsError
from flagops.evaluation.evaluate import evaluate
from flagops.stacks.files import Stack, load_stack
from tests.components.settings.support import VALID, refusal, settings
from tests.everywhere import replace_everywhere
from tests.recording import ROOT

CORE = "S3nt1n3lOfOurs"
JWT = f"eyJhbGciOiJIUzI1NiJ9.{CORE}0123456789.abc"
SENTINELS = [
    CORE,
    f"my-{CORE}",
    f" {CORE}",
    f"{CORE}\n",
    f"{CORE} {CORE}",
    f"{CORE}!",
    f"$({CORE}",
    CORE * 30,
    f"https://me:{CORE}@mirror.example.com/dockerhub",
    f"me:{CORE}@mirror.example.com/dockerhub",
    f"{CORE}@mirror.example.com",
    f"https://{CORE}@host.example.com/1",
    f"https://audit.example.com/in?token={CORE}",
    f"http://audit.example.com/{CORE}",
    f"https://audit.example.com/a b/{CORE}",
    f"{CORE}://audit.example.com",
    f"repo/image:{CORE}",
    f"postgres:17-{CORE.lower()}",
    f"ftp://a.example.com:{CORE}",
    f"Bearer {CORE}",
    f"password={CORE}",
    f"ghp_{CORE}{CORE}",
    JWT,
    f"-----BEGIN PRIVATE KEY-----\n{CORE}\n-----END PRIVATE KEY-----",
    f"({CORE}",
    f"[{CORE}-a",
    f"{{{CORE}",
]
INGRESS = {"className": "traefik", "tls": {"from": "issuer", "clusterIssuer": "letsencrypt"}}
FULL: Mapping[str, object] = {
    "postgres": {"mode": "external", "existingSecret": "p", "sslmode": "verify-full", "caSecret": {"name": "ca"}},
    "redis": {"mode": "external", "existingSecret": "r", "tls": True, "caSecret": {"name": "ca"}},
    "smtp": {"host": "mail.example.com", "username": "u", "existingSecret": {"name": "mail"}},
    "tracing": {"endpoint": "http://otel.example.com:4318", "headers": {"name": "otel"}},
    "login": {"google": True, "github": {"existingSecret": "github"}, "environmentKey": "abcdef"},
    "backup": {"s3": {"bucket": "b-1", "existingSecret": "s3"}},
    "audit": {"existingSecret": "audit", "export": {"sink": "https", "url": "https://audit.example.com"}},
    "secretStore": {"name": "vault", "others": {"mail": {"values": {"password": {"key": "a"}}}}},
}


def places(model: type[BaseModel], path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where a text may stand in the settings: each key, the first item of a list, one name of a map."""
    for field in model.model_fields.values():
        here = (*path, str(field.alias))
        kind, inner = unwrap(field.annotation), model_of(field.annotation)
        origin = get_origin(kind)
        below = (*here, 0) if origin is tuple else (*here, "NAME") if origin is dict else here
        if inner is not None:
            yield from places(inner, below)
            yield here
        elif origin is Literal or origin in (tuple, dict) or kind in (str, int, float, bool):
            yield below
            if origin is not Literal and below != here:
                yield here
        else:
            raise AssertionError(f"{dotted(here)} has the type {get_args(kind) or kind}, of which nobody thought")


PLACES = list(places(Settings))


def with_value(values: Mapping[str, object], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """The values with this one at a path; lists and maps on the way are made where there are none."""
    found: Any = deepcopy(dict(values))
    whole = found
    for part, following in pairwise(path):
        if isinstance(part, int):
            found[:] = [[] if isinstance(following, int) else {}]
            found = found[0]
        else:
            empty: Any = [] if isinstance(following, int) else {}
            if isinstance(found.get(part), str):
                found[part] = {"name": found[part]}  # a Secret by its name alone
            found = found.setdefault(part, empty)
    if isinstance(path[-1], int):
        found[:] = [value]
    else:
        found[path[-1]] = value
    return dict(whole)


def told(values: Mapping[str, object]) -> str:
    """All that Python and people are told of a refusal; nothing where the values are taken."""
    try:
        parse(values)
    except SettingsError as error:
        return "".join(traceback.format_exception(error)) + str(error) + repr(error) + json.dumps(error.lines)
    return ""


def test_there_are_texts_in_every_section() -> None:
    assert len(PLACES) > 200
    assert {path[0] for path in PLACES} == {field.alias for field in Settings.model_fields.values()}


@pytest.mark.parametrize("path", PLACES, ids=dotted)
def test_no_setting_is_repeated_when_it_could_be_a_secret(path: tuple[str | int, ...]) -> None:
    base = {**VALID, **FULL} if path[0] in FULL else VALID
    tried = [*SENTINELS, [CORE], {"k": CORE}, {"secure": CORE}, [{"k": CORE}], [f"https://me:{CORE}@a.example.com"]]
    refused = 0
    for value in tried:
        said = told(with_value(base, path, value))
        assert CORE.lower() not in said.lower(), (value, said)
        refused += bool(said)
    assert refused >= 10


@pytest.mark.parametrize("sentinel", SENTINELS)
def test_no_key_that_nobody_knows_is_repeated_with_its_value(sentinel: str) -> None:
    for values in ({"password": sentinel}, {"smtp": {"password": sentinel}}, {"nobody": {"knows": [sentinel]}}):
        assert CORE not in told({**VALID, **values})
    if len(sentinel) > 30 or sentinel.startswith("ghp_"):
        assert CORE not in told({**VALID, "env": {sentinel: "x"}})


@pytest.mark.parametrize(
    ("values", "start", "instead"),
    [
        ({"env": {"BIND_PW": "correcthorse"}}, "env.BIND_PW", "envFromSecrets"),
        ({"env": {"NOTE": f"postgresql://me:{CORE}@db/x"}}, "env.NOTE", "a URL with a password"),
        ({"env": {"PIN_TOKEN": 12345678}}, "env.PIN_TOKEN", "what is called like a secret"),
        ({"env": {"DB_PASSWORD": "$ecret-9"}}, "env.DB_PASSWORD", "notSecret"),
        ({"env": {"SENTRY_SDK_DSN": "https://key@host/1"}}, "env.SENTRY_SDK_DSN", "a key before its host"),
        (
            {"ingress": {**INGRESS, "annotations": {"a/b": f"Bearer {CORE}"}}},
            "ingress.annotations.a/b",
            "",
        ),
        ({"monitoring": {"labels": {"api-token": CORE}}}, "monitoring.labels.api-token", "a Kubernetes Secret"),
        ({"registryMirror": f"https://me:{CORE}@m.example.com"}, "registryMirror", "imagePullSecrets"),
        (
            {
                "production": False,
                "audit": {"export": {"sink": "https", "url": f"https://a.example.com/?token={CORE}"}},
            },
            "audit.export.url",
            "audit.export.tokenSecret",
        ),
        (
            {"login": {"google": True, "environmentKey": "ser.0123456789abcdef"}},
            "login.environmentKey",
            "no server-side",
        ),
        ({"admin": {"organisation": f"xoxb-{CORE}"}}, "admin.organisation", "a token of Slack"),
        ({"clusterIdentifier": JWT}, "clusterIdentifier", "a JSON web token"),
    ],
)
def test_a_secret_that_is_written_out_is_refused_in_one_line(values: dict[str, Any], start: str, instead: str) -> None:
    (line,) = refusal(**values)
    assert line.startswith(f"feature-flags:{start}: looks like a secret (")
    assert instead in line
    assert line.endswith(f"If it is none, add {start} to notSecret")
    assert CORE not in line


def test_what_is_none_is_said_so_in_not_secret_and_taken() -> None:
    values = {"env": {"LOGIN_TOKEN": "opaque"}, "ingress": {**INGRESS, "annotations": {"a/token": "b"}}}
    assert len(refusal(**values)) == 2
    found = settings(**values, notSecret=["env.LOGIN_TOKEN", "ingress.annotations.a/token"])
    assert found.env == {"LOGIN_TOKEN": "opaque"}


def test_not_secret_names_what_is_there() -> None:
    (line,) = refusal(notSecret=["env.GONE"])
    assert line.startswith("feature-flags:notSecret[0]")
    assert "names no setting of this stack" in line


def test_values_that_are_no_secrets_are_shown_as_ever() -> None:
    for key, value in (("host", "flags"), ("version", "latest"), ("size", "huge"), ("image", "A b")):
        (line,) = refusal(**{key: value})
        assert f'= "{value}"' in line
    for values, value in (
        ({"size": "medium2"}, "medium2"),
        ({"size": "x-large1"}, "x-large1"),
        ({"redis": {"mode": "embedded2"}}, "embedded2"),
        ({"redis": {"evictionPolicy": "allkeys-lru2"}}, "allkeys-lru2"),
        ({"logs": {"access": "problems1"}}, "problems1"),
        ({"caches": {"flags": "30seconds"}}, "30seconds"),
        ({"postgres": {"storage": {"size": "20gigs"}}}, "20gigs"),
    ):
        (line,) = refusal(**values)
        assert f'= "{value}"' in line
    for value in ("hunter22", CORE, "medium-hunter2"):
        (line,) = refusal(size=value)
        assert value not in line
    (line,) = refusal(registryMirror="https://mirror.example.com/dockerhub")
    assert '= "https://mirror.example.com/…"' in line


@pytest.mark.parametrize(
    "text",
    [
        f"config: {{a: !!int {CORE}}}",
        f"config:\n  {CORE}: 1\n  {CORE}: 2",
        f"!!int {CORE}: 1",
        f"a: *{CORE}",
        f"a: !<{CORE}",
    ],
)
def test_a_file_that_cannot_be_read_is_told_without_what_is_in_it(text: str) -> None:
    with pytest.raises(YamlError) as caught:
        read(text)
    assert CORE not in "".join(traceback.format_exception(caught.value))


@pytest.fixture
def stack(tmp_path: Path) -> Callable[[Mapping[str, object]], Stack]:
    """The stack `staging` with these settings more."""

    def made(values: Mapping[str, object]) -> Stack:
        loaded = load_stack("staging", ROOT)
        config = {**loaded.config, **{f"feature-flags:{key}": value for key, value in values.items()}}
        return Stack(loaded.name, loaded.project, config, loaded.defaults, tmp_path / loaded.path.name)

    return made


def test_the_program_that_a_preview_runs_refuses_it_too(stack: Callable[[Mapping[str, object]], Stack]) -> None:
    found = stack({"env": {"DB_PASSWORD": CORE}, "registryMirror": f"https://me:{CORE}@m.example.com"})
    with pytest.raises(OpsError, match=r"feature-flags:env\.DB_PASSWORD: looks like a secret") as caught:
        evaluate(ROOT, found, {})
    assert CORE not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "command",
    [
        ("env", "--format", "json"),
        ("env", "--generate"),
        ("policy", "check", "--json"),
        ("render", "--out", "rendered"),
    ],
)
def test_no_command_prints_it(
    run: Callable[..., Result],
    stack: Callable[[Mapping[str, object]], Stack],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    found = stack({"env": {"LDAP_BIND_PW": CORE}, "publicUrl": f"https://flags.example.com/{CORE}"})
    replace_everywhere(monkeypatch, "flagops.stacks.files.load_stack", lambda *_: found)
    done = run(*command, "--stack", "staging")
    assert done.exit_code == 1
    assert CORE not in done.output + done.stderr
    assert "feature-flags:env.LDAP_BIND_PW: looks like a secret" in done.stderr
    assert not (ROOT / "rendered").exists()
