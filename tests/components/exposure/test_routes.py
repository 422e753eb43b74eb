"""The one table of public paths, and that each way in is made from it."""

from itertools import pairwise

from components.exposure.routes import PublicService, public_paths
from components.kit import names
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
    closed = PublicService(name=names.UNPUBLISHED, port=names.API_PORT)
    assert seen == [
        (public.path, "Prefix", (public.to or closed).name, {"number": (public.to or closed).port})
        for public in public_paths(settings())
    ]
