"""`examples/python` and `examples/node` do the same: with Flagsmith, without it, and with wrong variables."""

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import product
from statistics import fmean

import pytest

from flagops.commands.flags.catalogue.model import Catalogue, Rollout
from tests.examples.conftest import EXAMPLES, PROGRAMS, Faulty, FromGit, Program, Run, serving
from tests.servers import free_port

DASHBOARDS = ("original_dashboard", "new_dashboard_v1", "new_dashboard_v2")
BETA: dict[str, object] = {"plan": "premium", "country": "IL", "beta_participant": True, "signup_date": "2024-05-01"}
DEFAULTS = {
    "ml_model_v2_enabled": (False, None),
    "gpu_optimization_enabled": (True, None),
    "advanced_analytics_enabled": (False, None),
    "real_time_processing_enabled": (False, None),
    "hebrew_ui_enabled": (True, None),
    "new_dashboard_enabled": (False, "control"),
    "dashboard_ab_test": (True, "original_dashboard"),
    "new_feature_rollout": (False, None),
}
IN_THE_CATALOGUE = set(DEFAULTS)
LONGEST = 20  # seconds that an outage may cost


def options(identity: str, traits: Mapping[str, object] | None = None, users: int = 0) -> list[str]:
    found = ["--json", "--identity", identity, "--users", str(users)]
    for key, value in (traits or {}).items():
        found += ["--trait", f"{key}={json.dumps(value) if isinstance(value, bool) else value}"]
    return found


def mean_error(model: str, users: Iterable[int]) -> float:
    """How far a model is off for these users, counted from 0, each of whom has one of the matches."""
    matches = json.loads((EXAMPLES / "matches.json").read_text(encoding="utf-8"))
    goals: Callable[[dict[str, int]], float] = {
        "v1": lambda match: 0.35 * match["on_target"],
        "v2": lambda match: 0.1 * match["on_target"] + 0.55 * match["big_chances"],
    }[model]
    theirs = [matches[user % len(matches)] for user in users]
    return fmean(abs(goals(match) - match["goals"]) for match in theirs)


@pytest.fixture(params=["local", "remote"])
def evaluation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_traits_decide(program: Program, service: FromGit, evaluation: str) -> None:
    key = service.key(evaluation)
    beta = program.run(*options("anna", BETA), url=service.url, key=key)
    assert (beta.code, beta.notice, beta.json["evaluation"], beta.json["problem"]) == (0, "", evaluation, None)
    assert beta.json["traits"] == BETA
    on = {name for name, (enabled, _) in beta.flags.items() if enabled}
    assert on - {"advanced_analytics_enabled"} == {
        *("gpu_optimization_enabled", "real_time_processing_enabled", "hebrew_ui_enabled"),
        *("dashboard_ab_test", "new_feature_rollout"),
    }
    other = program.run(*options("bo", {**BETA, "signup_date": "2023-05-01"}), url=service.url, key=key)
    assert other.flags["real_time_processing_enabled"] == (False, None)
    assert not any(flag["is_default"] for flag in other.json["flags"].values())


def test_everybody_gets_what_flagsmith_says(program: Program, service: FromGit, evaluation: str) -> None:
    people: dict[str, dict[str, object]] = {
        "anna": {},
        "bo": BETA,
        "cy": {"plan": "premium", "country": "IL"},
        "דב": {},
    }
    for name, traits in people.items():
        found = program.run(*options(name, traits), url=service.url, key=service.key(evaluation))
        assert found.flags == service.flags(name, traits)
        assert found.flags.keys() == IN_THE_CATALOGUE


def test_each_variant_reaches_who_is_in_it(program: Program, service: FromGit, evaluation: str) -> None:
    for variant in DASHBOARDS:
        identity = service.identity_in(variant)
        found = program.run(*options(identity), url=service.url, key=service.key(evaluation))
        assert found.json["dashboard"] == variant


def test_several_flags_are_one_evaluation(program: Program, service: FromGit, evaluation: str) -> None:
    program.run(*options("anna"), url=service.url, key=service.key(evaluation))
    evaluations = {"local": 0, "remote": 1}[evaluation]
    assert service.asked("POST", "/api/v1/identities/") == evaluations


def test_what_was_read_is_reported(program: Program, service: FromGit, evaluation: str) -> None:
    program.run(*options("anna", users=4), url=service.url, key=service.key(evaluation))
    assert service.used() == dict.fromkeys(IN_THE_CATALOGUE, 1) | {"ml_model_v2_enabled": 1 + 4}


def test_the_models_are_compared_by_the_flag(program: Program, catalogue: Catalogue, evaluation: str) -> None:
    flag = catalogue.flags["ml_model_v2_enabled"]
    half = flag.model_copy(update={"rollout": Rollout(everyone=50)})
    flags = {**catalogue.flags, "ml_model_v2_enabled": half}
    with serving(catalogue.model_copy(update={"flags": flags})) as service:
        # With so many users the chance that one model gets nobody is one in a billion.
        found = program.run(*options("anna", users=32), url=service.url, key=service.key(evaluation))
        in_v2 = [service.flags(f"anna-{number}")["ml_model_v2_enabled"][0] for number in range(1, 33)]
    models = found.json["models"]
    for model, wanted in (("v1", False), ("v2", True)):
        users = [number for number, given in enumerate(in_v2) if given is wanted]
        assert models[model]["predictions"] == len(users)
        assert models[model]["mean_error"] == pytest.approx(mean_error(model, users), abs=1e-4)
        assert models[model]["mean_microseconds"] >= 0


WRONG_KEYS = ("a-client-side-key", "ser.a-server-side-key")


@pytest.fixture(params=WRONG_KEYS)
def wrong_key(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_nobody_listens(program: Program, wrong_key: str) -> None:
    found = program.run(*options("anna"), url=f"http://127.0.0.1:{free_port()}/api/v1/", key=wrong_key)
    assert (found.code, found.flags, found.json["evaluation"]) == (0, DEFAULTS, "defaults")
    assert found.notice == "Flagsmith cannot be reached. The defaults are used.\n"
    assert found.seconds < LONGEST


def side_by_side(keys: Iterable[str], url: str, *arguments: str) -> dict[tuple[str, str], Future[Run]]:
    """By program and key, what each program does with each key: all of them wait for the same seconds.

    Where a program cannot run here, its result skips the test.
    """

    def run(name: str, key: str) -> Run:
        return PROGRAMS[name]().run(*arguments, url=url, key=key)

    with ThreadPoolExecutor() as pool:
        return {case: pool.submit(run, *case) for case in product(PROGRAMS, keys)}


def test_nobody_answers(broken: Faulty, subtests: pytest.Subtests) -> None:
    broken.flagsmith.hanging.add("/api/v1/")
    for (name, key), run in side_by_side(WRONG_KEYS, broken.url, *options("anna", users=8)).items():
        with subtests.test(program=name, key=key):
            found = run.result()
            assert (found.code, found.flags, found.json["models"]["v1"]["predictions"]) == (0, DEFAULTS, 8)
            assert found.notice == "Flagsmith did not answer within 5 s. The defaults are used.\n"
            assert found.seconds < LONGEST


def test_the_answer_is_an_error(program: Program, broken: Faulty, wrong_key: str) -> None:
    broken.flagsmith.failing["/api/v1/"] = 503
    found = program.run(*options("anna"), url=broken.url, key=wrong_key)
    assert (found.code, found.flags) == (0, DEFAULTS)
    assert found.notice == "Flagsmith answers with status 503. The defaults are used.\n"


def test_the_key_is_wrong(program: Program, service: FromGit, wrong_key: str) -> None:
    found = program.run(*options("anna"), url=service.url, key=wrong_key)
    assert (found.code, found.flags) == (0, DEFAULTS)
    assert found.notice == "Flagsmith refuses the key in FLAGSMITH_ENVIRONMENT_KEY. The defaults are used.\n"


def test_the_address_is_the_one_of_the_ui(program: Program, broken: Faulty, wrong_key: str) -> None:
    found = program.run(*options("anna"), url=broken.flagsmith.url, key=wrong_key)
    assert (found.code, found.flags) == (0, DEFAULTS)
    assert "(does FLAGSMITH_API_URL end in /api/v1/?). The defaults are used.\n" in found.notice


def test_usage_that_cannot_be_reported_harms_nobody(broken: Faulty, subtests: pytest.Subtests) -> None:
    broken.flagsmith.hanging.add("/api/v1/analytics/")
    for (name, _), run in side_by_side([broken.client_key], broken.url, *options("anna")).items():
        with subtests.test(program=name):
            found = run.result()
            assert (found.code, found.notice, found.json["problem"]) == (0, "", None)
            assert found.seconds < LONGEST


def test_a_flag_that_is_not_there_has_its_default(program: Program, catalogue: Catalogue) -> None:
    flags = {name: flag for name, flag in catalogue.flags.items() if name != "gpu_optimization_enabled"}
    with serving(catalogue.model_copy(update={"flags": flags})) as service:
        found = program.run(*options("anna"), url=service.url, key=service.client_key)
    missing = found.json["flags"]["gpu_optimization_enabled"]
    assert missing == {"enabled": True, "value": None, "is_default": True}
    assert found.json["problem"] is None


def test_what_is_printed_for_people(program: Program, service: FromGit) -> None:
    identity = service.identity_in("new_dashboard_v2")
    found = program.run("--identity", identity, url=service.url, key=service.client_key)
    lines = found.text.splitlines()
    assert lines[0] == f"{identity} sees new_dashboard_v2 (evaluation: remote)"
    assert "  dashboard_ab_test              on   new_dashboard_v2" in lines
    assert lines[-1].split()[:3] == ["v1", "8", f"{mean_error('v1', range(8)):.3f}"]


@pytest.mark.parametrize(
    ("url", "key", "says"),
    [
        ("", "", "Set FLAGSMITH_API_URL and FLAGSMITH_ENVIRONMENT_KEY: README.md says to what.\n"),
        ("http://localhost/api/v1/", "", "Set FLAGSMITH_ENVIRONMENT_KEY: README.md says to what.\n"),
        ("localhost/api/v1/", "key", "FLAGSMITH_API_URL is no address: it starts with http:// or https:// and ends in"),
    ],
)
def test_variables_that_are_missing_or_wrong_are_named(program: Program, url: str, key: str, says: str) -> None:
    found = program.run(url=url, key=key)
    assert (found.code, found.text) == (2, "")
    assert found.notice.startswith(says)


def test_a_trait_without_a_value_is_refused(program: Program) -> None:
    found = program.run("--trait", "plan", url="http://localhost/api/v1/", key="key")
    assert (found.code, found.text) == (2, "")
    assert "KEY=VALUE" in found.notice
