"""What the settings take, the API server takes: each key's type is held against it, with odd values of all kinds."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
import pytest

from components.text import cron
from flagops.stacks.files import load_stack
from tests.deployment.probing import Probe, probes, together
from tests.platform import Platform
from tests.recording import ROOT, run
from tests.scanners.rendered import API_VERSIONS, IN_CLUSTER, OUTSIDE

pytestmark = pytest.mark.cluster
BASES: Mapping[str, Mapping[str, object]] = {"in-cluster": IN_CLUSTER, "outside": OUTSIDE}
# A batch has a value of nearly every key: as many batches as the key with the most values has.
MOST_BATCHES = 40


class ApiServer:
    """Says of objects whether it takes them, and keeps none."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.seen: set[str] = set()
        self.kinds = cache(self._kinds)

    def _kinds(self, api_version: str) -> dict[str, tuple[str, bool]]:
        answer = self.http.get(f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}")
        listed = answer.json()["resources"] if answer.is_success else []
        return {item["kind"]: (item["name"], item["namespaced"]) for item in listed if "/" not in item["name"]}

    def refusal(self, manifest: Mapping[str, Any]) -> str | None:
        """Why it takes an object not; None for one that it takes, or that it does not know the kind of."""
        item = json.loads(json.dumps(manifest))
        version = str(item["apiVersion"])
        found = self.kinds(version).get(item["kind"])
        if found is None:
            return None
        plural, is_namespaced = found
        if is_namespaced:
            item["metadata"]["namespace"] = "default"
        text = json.dumps(item, sort_keys=True)
        if text in self.seen:
            return None
        place = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        path = f"{place}/namespaces/default/{plural}" if is_namespaced else f"{place}/{plural}"
        query = {"dryRun": "All", "fieldValidation": "Strict", "fieldManager": "test"}
        answer = self.http.post(path, params=query, json=item)
        # What is there already was looked at before it was found to be.
        if answer.is_success or answer.status_code == httpx.codes.CONFLICT:
            self.seen.add(text)
            return None
        return f"{item['kind']}/{item['metadata']['name']}: {answer.json()['message']}"


@pytest.fixture
def api_server(platform: Platform) -> ApiServer:
    return ApiServer(platform.http)


def stated(overrides: Mapping[str, object]) -> dict[str, Any]:
    read = load_stack("production", ROOT).values.items()
    values = {key.partition(":")[2]: value for key, value in read if key.startswith("feature-flags:")}
    return {**values, **overrides, "apiVersions": list(API_VERSIONS)}


def refusals(api_server: ApiServer, values: Mapping[str, Any]) -> list[str]:
    made = run("production", dict(values)).program.objects
    return [text for item in made if (text := api_server.refusal(item.manifest)) is not None]


@pytest.mark.usefixtures("crds_throughout")
@pytest.mark.parametrize("base", BASES)
def test_whatever_the_model_takes_the_api_server_takes(api_server: ApiServer, base: str) -> None:
    values = stated(BASES[base])
    assert refusals(api_server, values) == []
    left = list(probes(values))
    keys = {probe.path for probe in left}
    assert len(keys) > 150, "the keys of the model"
    batches, wrong = 0, []
    while left:
        batches += 1
        assert batches <= MOST_BATCHES, f"{len(left)} values are left, such as {left[0]}"
        stack, taken = together(values, left)
        assert taken, left[0]
        wrong += [_named(text, taken) for text in refusals(api_server, stack)]
        left = [probe for probe in left if probe not in taken]
    assert wrong == []


def _named(refusal: str, taken: list[Probe]) -> str:
    """A refusal, with the values that it may be about."""
    about = [str(probe) for probe in taken if str(probe.value)[:40] in refusal] or [str(probe) for probe in taken]
    return f"{refusal}\n    of {'; '.join(about[:6])}"


def test_the_api_server_refuses_what_is_wrong_here_too(api_server: ApiServer) -> None:
    """Or the test above would hold of anything."""
    (service,) = [item.manifest for item in run("production").program.objects if str(item.ref.kind) == "Service"][:1]
    for path, value in (("name", "A"), ("labels", {"a b": "c"}), ("annotations", {"a/b/c": "d"})):
        wrong = {**service, "metadata": {**service["metadata"], path: value}}
        assert api_server.refusal(wrong) is not None


FIELDS: tuple[str, ...] = (
    "*",
    "?",
    "0",
    "1",
    "5",
    "7",
    "59",
    "60",
    "*/2",
    "*/0",
    "1-5",
    "5-1",
    "1,2",
    "1,",
    "1/7",
    "mon",
    "JAN",
    "sun-mon",
    "L",
)
FIELDS += ("1-5/2", "-1", "00", "31", "24", "12", "13", "*-5", "a", "1--2", "*/60", "100000", "1.5", "#")
WHOLE: tuple[str, ...] = (
    "@daily",
    "@every 1h",
    "@midnight",
    "@reboot",
    "TZ=UTC 0 0 * * *",
    "CRON_TZ=UTC 0 0 * * *",
    "* * * *",
    "* * * * * *",
)
WHOLE += ("0 0 31 2 *", "0 0 30 2 mon", "0 0 31 4,6 *", "0  0 * * *", "0\t0 * * *", "0 0 29 2 *", "0 0 31 2 ?")


def schedules() -> list[str]:
    """Every odd field at each of the five places, and odd wholes."""
    fields = [" ".join(["1"] * place + [field] + ["1"] * (4 - place)) for place in range(5) for field in FIELDS]
    return [*fields, *WHOLE]


# What its parser takes and nobody means.
NARROWER = ("@", "*-5", "1,", "31 2 *", "31 2 ?", "31 4,6 *", "?", "*/60", "100000", "30 2 mon")


def test_a_schedule_is_what_kubernetes_own_parser_takes(api_server: ApiServer) -> None:
    (manifest,) = [item.manifest for item in run("production").program.objects if item.ref.name == "flagsmith-backup"][
        -1:
    ]
    assert manifest["kind"] == "CronJob"
    taken = 0
    for schedule in schedules():
        item = {**manifest, "spec": {**manifest["spec"], "schedule": schedule}}
        refused, said = api_server.refusal(item), cron.refusal(schedule)
        if said is None:
            assert refused is None, f"{schedule!r} is taken here, and Kubernetes says: {refused}"
            taken += 1
        elif refused is None:
            assert any(part in schedule for part in NARROWER), f"Kubernetes takes {schedule!r}, and here it is: {said}"
    assert taken > 40
