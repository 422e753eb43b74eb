"""The one table of public paths, and that each way in is made from it."""

from itertools import pairwise
from posixpath import normpath
from urllib.parse import unquote

import pytest

from components.exposure.routes import EVALUATED, PublicPath, PublicService, public_paths
from components.kit import names
from components.settings import Settings
from tests.components.settings.support import settings
from tests.recording import record


def test_flagsmith_s_own_numbers_are_not_published_and_all_else_leads_to_the_api() -> None:
    found = {public.path: public.to for public in public_paths(settings())}
    assert found["/metrics"] is None
    assert found["/"] == PublicService(name="flagsmith", port=8000)


def test_a_more_specific_path_comes_first() -> None:
    paths = [public.path for public in public_paths(settings())]
    assert paths[-1] == "/"
    assert not any(later.startswith(earlier) for earlier, later in pairwise(paths))


def test_the_ingress_has_the_paths_of_the_table_and_a_closed_port_for_those_that_are_not_published() -> None:
    recording = record("production", {})
    (rule,) = recording.one("Ingress", "flagsmith")["spec"]["rules"]
    seen = [
        (path["path"], path["pathType"], path["backend"]["service"]["name"], path["backend"]["service"]["port"])
        for path in rule["http"]["paths"]
    ]
    assert _as_the_table(settings()) == seen


def _as_the_table(stack: Settings) -> list[tuple[str, str, str, dict[str, int]]]:
    closed = PublicService(name=names.UNPUBLISHED, port=names.API_PORT)
    return [
        (
            public.path,
            "Exact" if public.exact else "Prefix",
            (public.to or closed).name,
            {"number": (public.to or closed).port},
        )
        for public in public_paths(stack)
    ]


EDGE = {"enabled": True, "existingSecret": "edge"}
DOCUMENT = "/api/v1/environment-document"
# What somebody tries who has the public key: a data plane may send it on as it stands, or as it makes it out.
HOSTILE = (
    DOCUMENT,
    f"{DOCUMENT}/",
    "/api/v1/flags/../environment-document",
    "/api/v1/flags/..%2fenvironment-document",
    "/api/v1/flags/%2e%2e/environment-document",
    "/api/v1/flags/%2E%2E%2Fenvironment-document",
    "/api/v1/flags/..;/environment-document",
    "/api/v1/flags/;/../environment-document",
    "/api/v1/flags//../environment-document",
    "/api/v1//environment-document",
    "//api/v1/environment-document",
    "/api/v1/flags\\..\\environment-document",
    "/api/v1/flags/%5c..%5cenvironment-document",
    "/api/v1/flags/%00/../environment-document",
    "/api/v1/identities/../environment-document",
    "/api/v1/identities/./../environment-document/",
    "/api/v1/flags/../../v1/environment-document",
    "/api/v1/environment-document%2f",
    "/API/V1/ENVIRONMENT-DOCUMENT",
    "/api/v1/flags/%252e%252e/environment-document",
    "/proxy/health",
    "/api/v1/flags/../../../proxy/health",
    "/api/v1/flags/../../../openapi.json",
    "/docs",
)


def leads_to(paths: tuple[PublicPath, ...], asked: str) -> str | None:
    """Where a request leads, by the rules of Ingress and HTTPRoute: exact first, then the longest prefix of elements.

    (kubernetes.io/docs/concepts/services-networking/ingress, path types; HTTPRouteMatch of gateway-api.)
    """
    for public in paths:
        if public.exact and asked == public.path:
            return None if public.to is None else public.to.name
    below = [
        public
        for public in paths
        if not public.exact and f"{asked.rstrip('/')}/".startswith(f"{public.path.rstrip('/')}/")
    ]
    found = max(below, key=lambda public: len(public.path))
    return None if found.to is None else found.to.name


def made_out(asked: str) -> set[str]:
    """What data planes make of a path before they look for its route: as it is, decoded, without dots, both, twice."""
    found = {asked}
    for _ in range(4):
        found |= {unquote(path) for path in found} | {path.replace("\\", "/") for path in found}
        found |= {path.replace(";", "") for path in found} | {path.lower() for path in found}
        found |= {normpath(path).replace("//", "/") + ("/" if path.endswith("/") else "") for path in found}
    return found


def test_two_paths_lead_to_the_edge_and_only_where_there_is_one() -> None:
    with_edge = public_paths(settings(edge=EDGE))
    assert [public.path for public in with_edge if public.to and public.to.name == "flagsmith-edge"] == [*EVALUATED]
    for path in EVALUATED:
        assert leads_to(with_edge, path) == "flagsmith-edge"
        assert leads_to(public_paths(settings()), path) == "flagsmith"
    assert leads_to(with_edge, "/metrics/") is None


@pytest.mark.parametrize("asked", HOSTILE)
def test_no_way_of_writing_it_leads_to_the_edge_but_to_its_two_paths(asked: str) -> None:
    """Whatever a data plane matches, it matches the whole of it: the document stays with the API, which refuses it."""
    paths = public_paths(settings(edge=EDGE))
    for path in made_out(asked):
        assert leads_to(paths, path) in ("flagsmith", None), path


@pytest.mark.parametrize(
    "asked",
    ["/api/v1/flags", "/api/v1/flagsX", "/api/v1/flags/x", "/api/v1/identities/someone/", "/api/v1/traits/", "/"],
)
def test_what_the_edge_does_not_answer_leads_to_the_api(asked: str) -> None:
    assert leads_to(public_paths(settings(edge=EDGE)), asked) == "flagsmith"


def test_the_ingress_leads_to_the_edge_by_exact_paths() -> None:
    recording = record("production", {"edge": EDGE})
    (rule,) = recording.one("Ingress", "flagsmith")["spec"]["rules"]
    seen = [
        (path["path"], path["pathType"], path["backend"]["service"]["name"], path["backend"]["service"]["port"])
        for path in rule["http"]["paths"]
    ]
    assert seen == _as_the_table(settings(edge=EDGE))


def test_the_gateway_leads_to_the_edge_by_exact_paths() -> None:
    gateway = {"enabled": True, "className": "envoy", "tls": {"from": "controller"}}
    data_plane = {"ingressNamespace": "traefik", "gatewayNamespace": "envoy"}
    recording = record("production", {"edge": EDGE, "gateway": gateway, "networkPolicy": data_plane})
    seen = {
        (rule["matches"][0]["path"]["type"], rule["matches"][0]["path"]["value"]): [
            backend["name"] for backend in rule.get("backendRefs", ())
        ]
        for rule in recording.one("HTTPRoute", "flagsmith")["spec"]["rules"]
    }
    assert seen == {
        **{("Exact", path): ["flagsmith-edge"] for path in EVALUATED},
        ("PathPrefix", "/metrics"): [],
        ("PathPrefix", "/"): ["flagsmith"],
    }
    (route,) = (o for o in recording.program.objects if (o.ref.kind, o.ref.name) == ("HTTPRoute", "flagsmith"))
    assert "Service/flagsmith-edge" in recording.needed_by(route)
