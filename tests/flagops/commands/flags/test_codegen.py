"""The module that `ff flags codegen` writes is right, typed, formatted and of use with the SDK."""

import importlib.util
import logging
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flagsmith import Flagsmith
from flagsmith.models import Flags

from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.code.codegen import module
from tests.recording import ROOT

EXAMPLE = ROOT / "flags" / "catalogue.yaml"
HEBREW = "שלום – עולם, יוסי"  # noqa: RUF001 - as people write
AWKWARD = """project: "A \\"project\\""
environments: [staging]
segments:
  beta: {description: The beta., all: [{trait: beta, operator: EQUAL, value: true}]}
flags:
  class: {description: 'Ends with "quotes"', owner: web, kind: ops, enabled: true}
  none: {description: "A back\\\\slash, 'single' and \\"\\"\\"three\\"\\"\\".", owner: web, kind: ops, enabled: false}
  all: {description: "HEBREW", owner: web, kind: ops, enabled: true, value: hello}
  i: {description: A., owner: web, kind: ops, enabled: true, value: 7}
  a_1:
    {description: First., owner: web, kind: ops, enabled: true, targeting: [{segment: beta, enabled: true, value: odd}],
    variations: [{name: control, value: 1, weight: 50}, {name: "2 fast", value: true, weight: 50}]}
  a1:
    {description: Second., owner: web, kind: ops, enabled: true,
    variations: [{name: a, value: {size: 1, words: [x, y]}, weight: 50}, {name: b, value: plain, weight: 50}]}
  limits: {description: A., owner: w, kind: ops, enabled: true, value: {upload: 5, kinds: [mp4, mkv], deep: {a: null}}}
  hosts: {description: Hosts., owner: web, kind: ops, enabled: true, value: [a.example.com, b.example.com]}
  banner:
    description: |
      A text of several lines, which is so long that it needs more than the width of a line in the generated module, and
      then some more of them.
    owner: web
    kind: ops
    enabled: false
    environments: {staging: {enabled: true, value: only there, rollout: null}}
  LONG: {description: A long name., owner: web, kind: ops, enabled: true}
""".replace("LONG", "long_" * 24 + "name").replace("HEBREW", HEBREW)


def catalogue(home: Path, text: str) -> Catalogue:
    path = home / "catalogue.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)[0]


def imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = made
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The modules of both catalogues."""
    home = tmp_path_factory.mktemp("made")
    declared = {"example_flags": load(EXAMPLE)[0], "awkward_flags": catalogue(home, AWKWARD)}
    for name, item in declared.items():
        (home / f"{name}.py").write_text(module(item), encoding="utf-8")
    return {name: home / f"{name}.py" for name in declared}


@pytest.fixture(scope="module")
def example(files: dict[str, Path]) -> Any:
    return imported(files["example_flags"])


@pytest.fixture(scope="module")
def awkward(files: dict[str, Path]) -> Any:
    return imported(files["awkward_flags"])


def served(*flags: tuple[str, bool, object]) -> Flags:
    """The SDK's own flags, as of an answer of Flagsmith."""
    answer = [
        {"enabled": enabled, "feature_state_value": value, "feature": {"name": name, "id": number}}
        for number, (name, enabled, value) in enumerate(flags)
    ]
    return Flags.from_api_flags(answer, analytics_processor=None, default_flag_handler=None)


def tool(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_modules_are_formatted_and_without_findings(files: dict[str, Path]) -> None:
    paths = [str(path) for path in files.values()]
    tool("ruff", "format", "--check", "--config", "pyproject.toml", *paths)
    tool("ruff", "check", "--config", "pyproject.toml", *paths)
    # Without the exemptions, which what people write may need.
    plain = files["example_flags"].with_name("plain.py")
    text = files["example_flags"].read_text(encoding="utf-8")
    plain.write_text("\n".join(line for line in text.split("\n") if "ruff: noqa" not in line), encoding="utf-8")
    tool("ruff", "check", "--config", "pyproject.toml", str(plain))


def test_the_types_are_strict_and_a_misspelt_value_is_found(files: dict[str, Path], tmp_path: Path) -> None:
    home = files["example_flags"].parent
    use = tmp_path / "use.py"
    use.write_text(
        "from collections.abc import Mapping, Sequence\n"
        "from typing import Any, assert_type\n\n"
        "from awkward_flags import ALL_, BANNER, HOSTS, I_, LIMITS\n"
        "from example_flags import DASHBOARD_AB_TEST, NEW_FEATURE_ROLLOUT, DashboardAbTestValue, default_flag\n"
        "from flagsmith import Flagsmith\n\n"
        'flags = Flagsmith("key", default_flag_handler=default_flag).get_environment_flags()\n'
        "assert_type(NEW_FEATURE_ROLLOUT.is_enabled(flags), bool)\n"
        "assert_type(DASHBOARD_AB_TEST.value(flags), DashboardAbTestValue)\n"
        "assert_type(ALL_.value(flags), str)\n"
        "assert_type(I_.value(None), int)\n"
        "assert_type(BANNER.value(flags), str | None)\n"
        "assert_type(LIMITS.value(flags), Mapping[str, Any])\n"
        "assert_type(HOSTS.default_value, Sequence[Any])\n"
        'print(DASHBOARD_AB_TEST.value(flags) == "new_dashbord_v1")\n',
        encoding="utf-8",
    )
    options = ["--strict", "--config-file=", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(use), *map(str, files.values())],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(errors) == 1, done.stdout + done.stderr
    assert "use.py:16: error: Non-overlapping equality check" in errors[0]


def test_it_needs_the_standard_library_only(files: dict[str, Path]) -> None:
    code = (
        "import awkward_flags as made, sys; assert made.ALL['limits'].value(None)['upload'] == 5; print(len(made.ALL))"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(files['awkward_flags'].parent)!r}); {code}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "10\n"


def test_the_constants_say_what_the_catalogue_says(example: Any) -> None:
    flag = example.DASHBOARD_AB_TEST
    assert flag is example.ALL["dashboard_ab_test"]
    assert (flag.name, flag.default_enabled, flag.default_value) == ("dashboard_ab_test", True, "original_dashboard")
    assert flag.variations["variant_b"] == "new_dashboard_v2"
    assert (flag.owner, flag.kind, flag.expires) == ("web-team", "experiment", date(2027, 3, 31))
    assert list(example.ALL) == list(load(EXAMPLE)[0].flags)
    text = module(load(EXAMPLE)[0])
    assert text == module(load(EXAMPLE)[0])
    assert "By default off. On for 100% of beta_users, 50% of premium_users, 25% of all others.\n" in text
    assert "By default on. Variations: control 40%, variant_a 30%, variant_b 30%.\n" in text
    assert "By default on. On for premium_users.\n" in text
    assert "\n\nIn staging: on.\n" in text


def test_what_is_served_is_read(example: Any, awkward: Any) -> None:
    flags = served(
        ("new_feature_rollout", True, None),
        ("dashboard_ab_test", False, "new_dashboard_v1"),
        ("limits", True, '{"upload":9}'),
        ("a1", True, '{"words":["x","y"],"size":1}'),
        ("a_1", True, "odd"),
        ("i", True, 8),
        ("all", True, ""),
    )
    assert example.NEW_FEATURE_ROLLOUT.is_enabled(flags) is True
    assert example.NEW_FEATURE_ROLLOUT.value(flags) is None
    assert example.DASHBOARD_AB_TEST.is_enabled(flags) is False
    assert example.DASHBOARD_AB_TEST.value(flags) == "new_dashboard_v1"
    assert awkward.LIMITS.value(flags) == {"upload": 9}
    assert awkward.A1.value(flags) == {"size": 1, "words": ["x", "y"]}
    assert awkward.A_1.value(flags) == "odd"
    assert awkward.I_.value(flags) == 8
    assert awkward.ALL_.value(flags) == ""


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("dashboard_ab_test", "new_dashboard_v9", "original_dashboard"),
        ("dashboard_ab_test", None, "original_dashboard"),
        ("limits", "{broken", {"upload": 5, "kinds": ["mp4", "mkv"], "deep": {"a": None}}),
        ("hosts", '{"a":1}', ["a.example.com", "b.example.com"]),
        ("i", True, 7),
        ("i", "8", 7),
    ],
)
def test_a_value_of_another_kind_is_the_default(
    name: str, value: object, default: object, example: Any, awkward: Any, caplog: pytest.LogCaptureFixture
) -> None:
    flag = {**awkward.ALL, **example.ALL}[name]
    assert flag.value(served((name, True, value))) == default
    assert f"The flag {name} has a value that is not for it" in caplog.text


def test_the_default_counts_when_a_flag_is_missing_or_flagsmith_is_away(example: Any, awkward: Any) -> None:
    for flags in (None, served()):
        assert example.GPU_OPTIMIZATION_ENABLED.is_enabled(flags) is True
        assert example.ML_MODEL_V2_ENABLED.is_enabled(flags) is False
        assert example.DASHBOARD_AB_TEST.value(flags) == "original_dashboard"
        assert awkward.HOSTS.value(flags) == ["a.example.com", "b.example.com"]


def test_the_sdk_takes_its_defaults(awkward: Any, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("flagsmith").setLevel(logging.CRITICAL)
    # Nothing listens on that port.
    client = Flagsmith("key", api_url="http://127.0.0.1:9/api/v1/", default_flag_handler=awkward.default_flag)
    flags = client.get_environment_flags()
    assert awkward.CLASS.is_enabled(flags) is True
    assert awkward.LIMITS.value(flags)["kinds"] == ["mp4", "mkv"]
    assert flags.get_feature_value("limits") == '{"deep":{"a":null},"kinds":["mp4","mkv"],"upload":5}'
    assert flags.get_flag("i").is_default is True
    assert (flags.is_feature_enabled("unheard_of"), flags.get_feature_value("unheard_of")) == (False, None)
    assert "The flag unheard_of is not declared" in caplog.text


def test_awkward_names_and_texts_stay_as_they_are(awkward: Any) -> None:
    assert awkward.CLASS.description == 'Ends with "quotes"'
    assert awkward.NONE.description == 'A back\\slash, \'single\' and """three""".'
    assert awkward.ALL_.description == HEBREW
    assert awkward.ALL["all"] is awkward.ALL_
    assert awkward.ALL["i"] is awkward.I_
    assert awkward.A1Value is not awkward.A1Value_
    assert awkward.A_1.variations == {"control": 1, "2 fast": True}
    assert awkward.ALL["long_" * 24 + "name"].description == "A long name."
    assert awkward.__doc__.startswith("The flags of A 'project'")
