"""`examples/python`'s engine: batch size, precision, TensorRT and the model follow flags, also in an outage."""

import sys
from typing import Any

import pytest

from flagops.commands.flags.catalogue.model import Catalogue
from tests.examples.conftest import EXAMPLES, FromGit, Program, serving
from tests.servers import free_port

OPTIMIZED = {"batch_size": 32, "precision": "fp16", "use_tensorrt": True}
PLAIN = {"batch_size": 16, "precision": "fp32", "use_tensorrt": False}
ENGINE = Program((sys.executable, "-m", "footanalytics.inference"), EXAMPLES / "python")
PREMIUM = ("--trait", "plan=premium", "--trait", "country=IL")
FRAMES = 40
SHOTS_OF_THE_FIRST, CHANCES_OF_THE_FIRST = 3, 1


def processed(service: FromGit, evaluation: str, *options: str) -> dict[str, Any]:
    done = ENGINE.run("--json", *options, url=service.url, key=service.key(evaluation))
    assert (done.code, done.notice) == (0, "")
    found: dict[str, Any] = done.json
    return found


@pytest.mark.parametrize("evaluation", ["local", "remote"])
@pytest.mark.parametrize("gpu", [True, False])
@pytest.mark.parametrize("model", ["v1", "v2"])
def test_the_flags_set_the_engine(service: FromGit, evaluation: str, gpu: bool, model: str) -> None:
    service.set("gpu_optimization_enabled", enabled=gpu)
    service.set("ml_model_v2_enabled", enabled=model == "v2")
    found = processed(service, evaluation)
    assert (found["config"], found["model"]) == (OPTIMIZED if gpu else PLAIN, model)
    assert found["batches"] == ([32, 8] if gpu else [16, 16, 8])
    first = {"v1": 0.35 * SHOTS_OF_THE_FIRST, "v2": 0.1 * SHOTS_OF_THE_FIRST + 0.55 * CHANCES_OF_THE_FIRST}[model]
    assert (len(found["goals"]), found["goals"][0]) == (FRAMES, pytest.approx(first))


@pytest.mark.parametrize("evaluation", ["local", "remote"])
def test_a_segment_has_the_gpu_where_others_do_not(catalogue: Catalogue, evaluation: str) -> None:
    off = catalogue.flags["gpu_optimization_enabled"].model_copy(update={"enabled": False})
    flags = {**catalogue.flags, "gpu_optimization_enabled": off}
    with serving(catalogue.model_copy(update={"flags": flags})) as service:
        assert processed(service, evaluation, "--identity", "bo")["config"] == PLAIN
        assert processed(service, evaluation, "--identity", "anna", *PREMIUM)["config"] == OPTIMIZED


def test_several_flags_are_one_evaluation_which_is_reported(service: FromGit) -> None:
    processed(service, "remote")
    assert service.asked("POST", "/api/v1/identities/") == 1
    assert service.used() == {"gpu_optimization_enabled": 1, "ml_model_v2_enabled": 1}


def test_an_outage_leaves_the_defaults() -> None:
    done = ENGINE.run(url=f"http://127.0.0.1:{free_port()}/api/v1/", key="local-development")
    assert (done.code, done.notice) == (0, "Flagsmith cannot be reached. The defaults are used.\n")
    assert done.text == "anna: model v1, fp16, with TensorRT, batches of 32: 32, 8\n"


def test_no_frame_is_no_batch(service: FromGit) -> None:
    done = ENGINE.run("--frames", "0", "--identity", "bo", url=service.url, key=service.client_key)
    assert done.text == "bo: model v1, fp16, with TensorRT, batches of 32: none\n"


def test_variables_that_are_missing_are_named() -> None:
    done = ENGINE.run()
    assert (done.code, done.text) == (2, "")
    assert done.notice.startswith("Set FLAGSMITH_API_URL and FLAGSMITH_ENVIRONMENT_KEY")
