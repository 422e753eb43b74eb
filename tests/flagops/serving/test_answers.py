"""Users get from `ff flags serve` what `ff flags explain` says of the same document, and what the official SDK says."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
from flagsmith import Flagsmith as Sdk
from flagsmith.analytics import EventProcessorConfig
from flagsmith.offline_handlers import LocalFileHandler

from flagops.serving.engine.explain import explain
from flagops.serving.engine.user import Trait, User
from tests.flagops.commands.flags.support import Run
from tests.flagops.serving.support import SECONDS, Served, events, wait_until

USERS = 200
SHARE = 0.7  # of those who have a trait
TRAITS: Mapping[str, Sequence[str | bool]] = {
    "plan": ("premium", "free"),
    "country": ("IL", "DE"),
    "beta_participant": (True, False),
    "signup_date": ("2024-06-01", "2023-01-01"),
}


def users() -> list[User]:
    """Generated, always the same ones."""
    chosen = random.Random(20)  # noqa: S311 - no secret
    found = []
    for number in range(USERS):
        traits: dict[str, Trait] = {
            name: chosen.choice(values) for name, values in TRAITS.items() if chosen.random() < SHARE
        }
        found.append(User(f"user-{number}", traits))
    return found


def test_generated_users_get_what_is_explained(example: Served) -> None:
    document = example.state.environments["production"].document
    for user in users():
        found = example.flags("production", user.identifier, **user.traits)
        traces = {flag: explain(document, flag, user) for flag in found}
        assert found == {flag: (trace.enabled, trace.value) for flag, trace in traces.items()}, user


def sdk(served: Served, environment: str = "production", **more: object) -> Sdk:
    """The official SDK, as it is."""
    is_local = bool(more.get("enable_local_evaluation"))
    return Sdk(environment_key=served.key(environment, server_side=is_local), api_url=served.api, **more)  # type: ignore[arg-type]


def test_the_official_sdk_says_the_same_here_and_there(example: Served) -> None:
    remote, local = sdk(example), sdk(example, enable_local_evaluation=True)
    for user in users()[:20]:
        answers = []
        for client in (remote, local):
            flags = client.get_identity_flags(str(user.identifier), dict(user.traits), transient=True).all_flags()
            answers.append({flag.feature_name: (flag.enabled, flag.value, flag.variant) for flag in flags})
        assert answers[0] == answers[1]
    local.environment_data_polling_manager_thread.stop()


def test_a_saved_document_is_read_offline(example: Served, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "production.json"
    done = run("flags", "document", "--environment", "production", "--out", str(path))
    assert done.exit_code == 0, done.stderr
    offline = Sdk(offline_mode=True, offline_handler=LocalFileHandler(str(path)))
    for user in users()[:20]:
        found = offline.get_identity_flags(str(user.identifier), dict(user.traits)).all_flags()
        assert {flag.feature_name: (flag.enabled, flag.value) for flag in found} == example.flags(
            "production", user.identifier, **user.traits
        )


def test_the_document_that_is_written_is_the_one_that_is_served(example: Served, run: Run) -> None:
    printed = json.loads(run("flags", "document", "-e", "staging").stdout)
    served = example.get("api/v1/environment-document/", example.key("staging", server_side=True)).json()
    assert printed.pop("updated_at") != served.pop("updated_at")
    assert printed == served


def test_real_time_updates_reach_the_official_sdk(service: Served, catalogue: Path) -> None:
    client = sdk(
        service,
        "development",
        enable_local_evaluation=True,
        enable_realtime_updates=True,
        realtime_api_url=service.url,
        request_timeout_seconds=SECONDS,
    )
    assert not client.get_environment_flags().is_feature_enabled("ml_model_v2_enabled")
    with events(f"{service.url}sse/environments/{service.key()}/stream") as told:
        next(told)
        switch_on(catalogue)
        assert next(told)["updated_at"] == service.state.environments["development"].timestamp
    assert service.wait().startswith(f"Read {catalogue} again: development changed at ")
    wait_until(lambda: client.get_environment_flags().is_feature_enabled("ml_model_v2_enabled"))
    client.event_stream_thread.stop()


def switch_on(catalogue: Path) -> None:
    text = catalogue.read_text(encoding="utf-8")
    catalogue.write_text(text.replace("enabled: false", "enabled: true", 1), encoding="utf-8")


def test_traits_are_kept_while_it_runs(service: Served) -> None:
    client = sdk(service)
    client.get_identity_flags("kept", {"plan": "premium", "country": "IL", "wrong": 1})
    client.get_identity_flags("kept", {"wrong": None})
    found = service.get("api/v1/identities/?identifier=kept", service.key("production")).json()
    assert {row["trait_key"]: row["trait_value"] for row in found["traits"]} == {"plan": "premium", "country": "IL"}
    assert service.get("api/v1/identities/?identifier=kept", service.key("staging")).json()["traits"] == []


def test_what_the_official_sdk_reports_is_counted(service: Served) -> None:
    client = sdk(
        service,
        "staging",
        enable_analytics=True,
        enable_events=True,
        event_processor_config=EventProcessorConfig(events_api_url=service.url),
    )
    flags = client.get_environment_flags()
    for _ in range(3):
        flags.is_feature_enabled("hebrew_ui_enabled")
    assert client._analytics_processor is not None  # noqa: SLF001 - it sends every ten seconds
    client._analytics_processor.flush()  # noqa: SLF001
    client.track_event("bought", "anna", 5)
    assert client._event_processor is not None  # noqa: SLF001
    client._event_processor.stop()  # noqa: SLF001
    reports = service.state.reports
    wait_until(lambda: ("staging", "hebrew_ui_enabled") in reports.reads and reports.events["bought"] == 1)
    assert reports.reads["staging", "hebrew_ui_enabled"].all == 3
    assert reports.last_events[-1]["identifier"] == "anna"
    body = {"evaluations": [{"feature_name": "hebrew_ui_enabled", "enabled_when_evaluated": True, "count": 2}]}
    answer = httpx.post(
        f"{service.url}api/v2/analytics/flags/", json=body, headers={"X-Environment-Key": service.key("staging")}
    )
    assert (answer.status_code, reports.reads["staging", "hebrew_ui_enabled"].on) == (204, 2)
    (name,) = (client for client in reports.clients if client.startswith("flagsmith-python-sdk/"))
    assert reports.clients[name] >= 2
