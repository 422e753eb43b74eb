"""Every bad value, unknown key and contradiction is refused with its key, its value and what is allowed."""

from typing import Any, NamedTuple

import pytest

from components.settings import SettingsError, parse
from tests.components.settings.support import refusal, settings


class Case(NamedTuple):
    sentence: str
    values: dict[str, Any]
    key: str
    shown: str
    allowed: str


EXTERNAL = {"mode": "external", "existingSecret": "db"}
BIG = {"cpu": "2", "memory": "2Gi"}
DIGEST = "sha256:" + "a" * 64

BAD_VALUES = [
    Case("a host with a scheme", {"host": "https://flags.example.com"}, "host", "https", "leave out the scheme"),
    Case("a host with a port", {"host": "flags.example.com:443"}, "host", ":443", "without scheme, port or path"),
    Case("a host of one label", {"host": "flags"}, "host", '"flags"', "two or more labels"),
    Case("a host that is an IP address", {"host": "10.0.0.1"}, "host", "10.0.0.1", "not an IP address"),
    Case("a host in capitals", {"host": "Flags.example.com"}, "host", "Flags", "in lower case, flags.example.com"),
    Case("a wildcard host", {"host": "*.example.com"}, "host", "*.", "not a wildcard"),
    Case("a host with an underscore", {"host": "my_flags.example.com"}, "host", "my_flags", "a DNS name"),
    Case("a host with a label that is too long", {"host": f"{'a' * 64}.com"}, "host", "aaa", "a DNS name"),
    Case("an empty context", {"context": ""}, "context", '""', "must not be empty"),
    Case("a version of two numbers", {"version": "2.265"}, "version", "2.265", "as X.Y.Z"),
    Case("a version called latest", {"version": "latest"}, "version", "latest", "as X.Y.Z"),
    Case("a version as a number", {"version": 2.265}, "version", "2.265", "write it in quotes"),
    Case("a release that cannot start", {"version": "2.169.2"}, "version", "2.169.2", "2.170.0 or newer"),
    Case("an image that is none", {"image": "Flagsmith Image"}, "image", "Flagsmith Image", "an image's repository"),
    Case("an image by digest only", {"image": f"a/b@{DIGEST}"}, "image", "a/b@sha256", "name a tag before the digest"),
    Case("a mirror with a scheme", {"registryMirror": "https://m.io"}, "registryMirror", "https", "a registry's host"),
    Case("a pull secret that is no name", {"imagePullSecrets": ["A b"]}, "imagePullSecrets[0]", "A b", "lower-case"),
    Case("an unknown size", {"size": "huge"}, "size", "huge", "one of local, small, medium, large, xlarge"),
    Case("no replicas", {"replicas": 0}, "replicas", "= 0", "at least 1"),
    Case("negative replicas as text", {"replicas": "-1"}, "replicas", '"-1"', "at least 1"),
    Case("half a replica", {"replicas": 2.5}, "replicas", "2.5", "a whole number"),
    Case("replicas in words", {"replicas": "three"}, "replicas", "three", "a whole number"),
    Case("replicas that are a truth", {"replicas": True}, "replicas", "true", "a whole number"),
    Case("a yes for a truth", {"protect": "yes"}, "protect", "yes", "true or false"),
    Case(
        "a storage size in gigs",
        {"postgres": {"storage": {"size": "20 gigs"}}},
        "postgres.storage.size",
        "20 gigs",
        "must be a Kubernetes quantity such as 20Gi",
    ),
    Case(
        "a storage size without unit",
        {"postgres": {"storage": {"size": 20}}},
        "postgres.storage.size",
        "= 20",
        "give the unit",
    ),
    Case(
        "memory in thousandths of a byte",
        {"resources": {"requests": {"cpu": "1", "memory": "512m"}, "limits": BIG}},
        "resources.requests.memory",
        "512m",
        "such as 512Mi",
    ),
    Case(
        "CPU in bytes",
        {"resources": {"requests": {"cpu": "1Gi", "memory": "1Gi"}, "limits": BIG}},
        "resources.requests.cpu",
        "1Gi",
        "such as 500m or 2",
    ),
    Case("resources without limits", {"resources": {"requests": BIG}}, "resources.limits", "", "required and missing"),
    Case(
        "resources without CPU", {"resources": {"requests": {"memory": "1Gi"}, "limits": BIG}}, "requests.cpu", "", ""
    ),
    Case("an old PostgreSQL", {"postgres": {"version": "16.4"}}, "postgres.version", "16.4", "PostgreSQL 17 or newer"),
    Case(
        "a psql that runs a dump's commands",
        {"postgres": {"version": "17.5-bookworm"}},
        "postgres.version",
        "17.5",
        "17.6",
    ),
    Case("PostgreSQL on Alpine", {"postgres": {"version": "17-alpine"}}, "postgres.version", "alpine", "Debian image"),
    Case(
        "an unknown mode",
        {"postgres": {"mode": "cloud"}},
        "postgres.mode",
        "cloud",
        "one of embedded, cloudnativepg, external",
    ),
    Case("an unknown sslmode", {"postgres": {**EXTERNAL, "sslmode": "on"}}, "postgres.sslmode", "on", "verify-full"),
    Case("an old Redis", {"redis": {"version": "6.2"}}, "redis.version", "6.2", "7 or newer"),
    Case("noeviction", {"redis": {"evictionPolicy": "noeviction"}}, "evictionPolicy", "noeviction", "allkeys-lru"),
    Case("an unknown policy", {"redis": {"evictionPolicy": "lru"}}, "evictionPolicy", "lru", "volatile-ttl"),
    Case("a tiny cache", {"redis": {"maxMemory": "1mb"}}, "redis.maxMemory", "1mb", "at least 16Mi"),
    Case("a time-out of an hour and a second", {"gunicorn": {"timeout": 3601}}, "gunicorn.timeout", "3601", "at most"),
    Case("a mail port out of range", {"smtp": {"host": "m.io", "port": 70000}}, "smtp.port", "70000", "at most 65535"),
    Case("an admin without @", {"admin": {"email": "admin"}}, "admin.email", "admin", "an e-mail address"),
    Case("no environments", {"admin": {"environments": []}}, "admin.environments", "", "name at least one"),
    Case("a namespace in capitals", {"namespace": {"name": "FF"}}, "namespace.name", "FF", "lower-case letters"),
    Case(
        "Kubernetes' namespace", {"namespace": {"name": "kube-system"}}, "namespace.name", "kube-", "this stack alone"
    ),
    Case("a variable with a hyphen", {"env": {"MY-VAR": "x"}}, "env.MY-VAR", "", "letters, digits and '_'"),
    Case("a bad label", {"scheduling": {"nodeSelector": {"a b": "c"}}}, "nodeSelector.a b", "", "label or annotation"),
    Case("a list for a map", {"postgres": ["external"]}, "postgres", "", "a map of keys and values"),
    Case("a map for a list", {"imagePullSecrets": {"a": "b"}}, "imagePullSecrets", "", "a list"),
    Case("text for a map", {"redis": "external"}, "redis", "", "a text of JSON"),
    Case("a number for a map", {"redis": 7}, "redis", "", "a map of keys and values"),
    Case("a null", {"version": None}, "version", "null", "leave the key out to get the default"),
    Case("a null deep down", {"postgres": {"storage": {"className": None}}}, "className", "null", "leave the key out"),
    Case("a null in a list", {"imagePullSecrets": [None]}, "imagePullSecrets[0]", "null", "leave the key out"),
    Case("a null that Pulumi rewrote", {"postgres": ""}, "postgres", '""', "leave the key out"),
    Case("an encrypted value", {"smtp": {"host": {"secure": "v1:abc"}}}, "smtp.host", "", "a Kubernetes Secret"),
]

UNKNOWN_KEYS = [
    Case("a misspelt key", {"hots": "a.b"}, "hots", "", "did you mean host?"),
    Case(
        "a key in snake case", {"cluster_identifier": "a"}, "cluster_identifier", "", "did you mean clusterIdentifier?"
    ),
    Case(
        "a misspelt key deep down", {"postgres": {"storage": {"sise": "1Gi"}}}, "storage.sise", "", "did you mean size?"
    ),
    Case("a password", {"admin": {"password": "hunter2"}}, "admin.password", "", "in existingSecret"),
    Case("a key like none", {"redis": {"zzz": 1}}, "redis.zzz", "", "known keys here are"),
    Case("a key like none of many", {"zzz": 1}, "zzz", "", "keys here is like it: docs/configuration.md has them all"),
]

CONTRADICTIONS = [
    Case("Redis before django-redis", {"version": "2.77.0"}, "version", "2.77.0", "django-redis came in 2.97.0"),
    Case("a tag that is another version", {"image": "a/b:2.200.0"}, "image", "2.200.0", "version is 2.265.0"),
    Case("a tag of Postgres", {"postgres": {"image": "postgres:18"}}, "postgres.image", ":18", "17.11-bookworm"),
    Case("a tag of Redis", {"redis": {"image": "redis:8"}}, "redis.image", "redis:8", "8.2.9-bookworm"),
    Case("external Postgres without Secret", {"postgres": {"mode": "external"}}, "existingSecret", "", "DATABASE_URL"),
    Case("external Redis without Secret", {"redis": {"mode": "external"}}, "redis.existingSecret", "", "REDIS_URL"),
    Case("storage of external Postgres", {"postgres": {**EXTERNAL, "storage": {}}}, "postgres.storage", "", "embedded"),
    Case(
        "sslmode of embedded Postgres", {"postgres": {"sslmode": "require"}}, "postgres.sslmode", "require", "external"
    ),
    Case(
        "verification without CA", {"postgres": {**EXTERNAL, "sslmode": "verify-full"}}, "caSecret", "", "verify-full"
    ),
    Case("a CA that is not used", {"postgres": {**EXTERNAL, "caSecret": {"name": "ca"}}}, "caSecret", "", "sslmode"),
    Case(
        "memory of external Redis", {"redis": {**EXTERNAL, "maxMemory": "64mb"}}, "redis.maxMemory", "64mb", "embedded"
    ),
    Case("TLS of embedded Redis", {"redis": {"tls": True}}, "redis.tls", "true", "redis.mode external"),
    Case("a Secret of no Redis", {"redis": {"mode": "none", "existingSecret": "a"}}, "existingSecret", "", "is none"),
    Case(
        "a CA without TLS", {"redis": {**EXTERNAL, "caSecret": {"name": "ca"}}}, "redis.caSecret", "", "redis.tls true"
    ),
    Case("a cache above its container", {"redis": {"maxMemory": "1gb"}}, "redis.maxMemory", "1gb", "at most 230mb"),
    Case(
        "a variable of the program", {"env": {"DATABASE_URL": "x"}}, "env.DATABASE_URL", "", "postgres.existingSecret"
    ),
    Case("a cache's variable", {"env": {"ENVIRONMENT_CACHE_SECONDS": "9"}}, "ENVIRONMENT_CACHE_SECONDS", "", "program"),
    Case(
        "a variable given twice",
        {"env": {"A": "x"}, "envFromSecrets": {"A": {"name": "s", "key": "k"}}},
        "envFromSecrets.A",
        "",
        "is also set in env",
    ),
    Case("a pull secret given twice", {"imagePullSecrets": ["a", "a"]}, "imagePullSecrets[1]", '"a"', "given twice"),
    Case(
        "an environment given twice", {"admin": {"environments": ["a", "a"]}}, "environments[1]", '"a"', "given twice"
    ),
    Case(
        "requests above limits",
        {"resources": {"requests": {"cpu": "3", "memory": "1Gi"}, "limits": BIG}},
        "resources.requests.cpu",
        '"3"',
        "limits.cpu, 2",
    ),
    Case(
        "a value for Exists",
        {"scheduling": {"tolerations": [{"operator": "Exists", "value": "a"}]}},
        "scheduling.tolerations[0].value",
        '"a"',
        "operator Equal",
    ),
    Case(
        "a toleration without key", {"scheduling": {"tolerations": [{}]}}, "tolerations[0].key", "", "name the taint's"
    ),
    Case("a mail user without password", {"smtp": {"host": "m.io", "username": "u"}}, "existingSecret", "", "password"),
    Case(
        "a mail password in clear",
        {"smtp": {"host": "m.io", "username": "u", "existingSecret": {"name": "s"}, "security": "none"}},
        "smtp.security",
        "none",
        "unencrypted",
    ),
    Case("the wrong mail port", {"smtp": {"host": "m.io", "port": 465}}, "smtp.port", "465", "usually 587"),
    Case("workers without memory", {"gunicorn": {"workers": 12}}, "limits.memory", "2Gi", "12 gunicorn workers"),
    Case(
        "a limit range below its default",
        {"namespace": {"limitRange": {"max": {"cpu": "100m", "memory": "16Gi"}}}},
        "namespace.limitRange.max.cpu",
        "100m",
        "limitRange.default.cpu, 500m",
    ),
    Case(
        "a limit range below a container",
        {"namespace": {"limitRange": {"max": {"cpu": "2", "memory": "2Gi"}}}},
        "namespace.limitRange.max.memory",
        "2Gi",
        "at least 8Gi, the limit of a container of the stack (PostgreSQL)",
    ),
]


@pytest.mark.parametrize("case", [*BAD_VALUES, *UNKNOWN_KEYS, *CONTRADICTIONS], ids=lambda case: case.sentence)
def test_is_refused_naming_the_key_the_value_and_what_is_allowed(case: Case) -> None:
    matching = [line for line in refusal(**case.values) if line.split(": ")[0].split(" =")[0].endswith(case.key)]

    assert len(matching) == 1, refusal(**case.values)
    assert matching[0].startswith("feature-flags:")
    assert case.shown in matching[0].removeprefix("feature-flags:")
    assert case.allowed in matching[0]


def test_all_problems_come_in_one_message_and_each_once() -> None:
    lines = refusal(host="flags", size="huge", postgres={"storage": {"size": "x"}}, hots=1, redis={"mode": None})

    assert sorted(line.split(": ")[0].split(" =")[0] for line in lines) == [
        "feature-flags:host",
        "feature-flags:hots",
        "feature-flags:postgres.storage.size",
        "feature-flags:redis.mode",
        "feature-flags:size",
    ]


def test_what_is_missing_is_named() -> None:
    with pytest.raises(SettingsError, match=r"feature-flags:host: is required") as caught:
        parse({})

    assert [line.split(":")[1] for line in caught.value.lines] == ["host", "context"]


@pytest.mark.parametrize(
    "values",
    [
        {"env": {"DATABASE_URL": "hunter2"}},
        {"env": "hunter2"},
        {"env": {"A": ["hunter2"]}},
        {"postgres": {"mode": "external", "existingSecret": "Hunter2!hunter2"}},
        {"postgres": "postgres://user:hunter2@db/flagsmith"},
        {"postgres": {"image": "postgres://user:hunter2@db"}},
        {"admin": {"password": "hunter2"}},
        {"databaseUrl": "hunter2"},
        {"smtp": {"host": "m.io", "existingSecret": "hunter2"}},
        {"envFromSecrets": {"A": {"name": "Hunter2 hunter2", "key": "k"}}},
        {"env": {"A": {"secure": "hunter2"}}},
    ],
    ids=str,
)
def test_what_could_be_a_secret_is_never_shown(values: dict[str, Any]) -> None:
    assert "hunter2" not in "\n".join(refusal(**values)).lower()


def test_another_major_version_than_the_data_s_is_refused_with_the_way_to_move_it() -> None:
    (line,) = refusal(postgres={"version": "18.0-bookworm"})

    assert "PostgreSQL 18 would start with an empty database" in line
    assert "`ff db upgrade 18.0-bookworm`" in line
    assert "set postgres.dataMajor to 18" in line
    assert settings(postgres={"version": "18.0-bookworm", "dataMajor": 18}).postgres.major == 18
