"""The module of `ff flags codegen --typescript` compiles, refuses what is wrong, and reads the flags of both SDKs."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.catalogue.load import parse
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.code.codegen import module as python_module
from flagops.commands.flags.code.typescript import literal, module
from tests.examples.conftest import EXAMPLES, node
from tests.flagops.commands.flags.support import EXAMPLE, Run
from tests.flagops.commands.flags.test_codegen import AWKWARD

NODE = EXAMPLES / "node"
EVIL = """project: "*/ */ process.exit(3) /*"
environments: [staging]
flags:
  evil:
    description: "Ends */ the comment. \\u2028 \\u202e"
    owner: "*/"
    kind: ops
    enabled: true
    value: {__proto__: {on: true}, "a\\"b": "${x} `\\\\ */"}
"""
TYPED = """
import { DASHBOARD_AB_TEST, GPU_OPTIMIZATION_ENABLED, type FlagName, defaultFlags } from "./flags.js";
import type { Flags } from "flagsmith-nodejs";

export function shown(flags: Flags): "original_dashboard" | "new_dashboard_v1" | "new_dashboard_v2" {
  return DASHBOARD_AB_TEST.value(flags);
}
export const name: "dashboard_ab_test" = DASHBOARD_AB_TEST.name;
export const control: "original_dashboard" = DASHBOARD_AB_TEST.declared.variations.control as "original_dashboard";
// @ts-expect-error: no such value
export const wrong: "old_dashboard" = DASHBOARD_AB_TEST.value(null);
// @ts-expect-error: no such variation
DASHBOARD_AB_TEST.declared.variations.variant_z;
// @ts-expect-error: it has no value
export const text: string = GPU_OPTIMIZATION_ENABLED.value(null);
// @ts-expect-error: no such flag
export const other: FlagName = "gpu_optimisation_enabled";
export const all: Record<FlagName, { enabled: boolean }> = defaultFlags;
"""
READ = """
import * as made from "./flags.js";

const [flag, kind, served] = JSON.parse(process.argv[2]);
const found = Object.values(made.allFlags).find((one) => one.name === flag);
const throwing = () => { throw new Error("away"); };
const answer = "value" in served ? () => served.value : throwing;
const state = "enabled" in served ? () => served.enabled : throwing;
const node = { isFeatureEnabled: state, getFeatureValue: answer };
const flags = { node, page: { hasFeature: state, getValue: answer } };
console.log(JSON.stringify([found.isEnabled(flags[kind] ?? null), found.value(flags[kind])]));
"""


def compiled(home: Path, *sources: str) -> "subprocess.CompletedProcess[str]":
    """What the compiler of examples/node says of files, with its own strict options; what it makes is in `home`."""
    program = node("node")
    if not (NODE / "node_modules" / "typescript").is_dir():
        pytest.skip("the packages of examples/node are older than its lock file: make examples")
    options = json.loads((NODE / "tsconfig.json").read_text(encoding="utf-8"))
    options["compilerOptions"] |= {"rootDir": ".", "outDir": "made", "typeRoots": ["node_modules/@types"]}
    (home / "tsconfig.json").write_text(json.dumps({**options, "files": list(sources)}), encoding="utf-8")
    (home / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    if not (home / "node_modules").exists():
        (home / "node_modules").symlink_to(NODE / "node_modules")
    command = [program, "node_modules/typescript/bin/tsc"]
    return subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=120)


def catalogue(text: str) -> Catalogue:
    return parse(text, Path("catalogue.yaml"))[0]


@pytest.mark.parametrize("text", [AWKWARD, EVIL], ids=["awkward", "evil"])
def test_whatever_a_catalogue_says_compiles(tmp_path: Path, text: str) -> None:
    made = module(catalogue(text))
    (tmp_path / "flags.ts").write_text(made, encoding="utf-8")
    done = compiled(tmp_path, "flags.ts")
    assert done.returncode == 0, done.stdout


def test_a_flag_that_no_browser_gets_says_so_in_both_languages(tmp_path: Path) -> None:
    text = AWKWARD.replace("{description: A., owner: web,", "{server_side_only: true, description: A., owner: web,")
    declared = catalogue(text)
    assert [name for name, flag in declared.flags.items() if flag.server_side_only] == ["i"]
    made = module(declared)
    for source in (made, python_module(declared)):
        assert source.count("Server-side only: clients with a server-side key get it.") == 1
    assert "Server-side only" in made.partition("export const I_:")[0].rpartition("/**")[2]
    (tmp_path / "flags.ts").write_text(made, encoding="utf-8")
    assert compiled(tmp_path, "flags.ts").returncode == 0


def test_the_values_are_those_of_the_catalogue_also_the_evil_ones(tmp_path: Path) -> None:
    (tmp_path / "flags.ts").write_text(module(catalogue(EVIL)), encoding="utf-8")
    assert compiled(tmp_path, "flags.ts").returncode == 0
    script = 'import { allFlags } from "./made/flags.js"; console.log(JSON.stringify(allFlags.evil.declared));'
    (tmp_path / "read.mjs").write_text(script, encoding="utf-8")
    done = subprocess.run([node("node"), "read.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    declared = catalogue(EVIL).flags["evil"]
    assert (found["defaultValue"], found["description"]) == (declared.value, declared.description)


def test_names_values_and_variations_are_typed(tmp_path: Path, run: Run) -> None:
    done = run("flags", "codegen", "--typescript", str(tmp_path / "flags.ts"), "--catalogue", str(EXAMPLE))
    assert done.exit_code == 0, done.stderr
    (tmp_path / "typed.ts").write_text(TYPED, encoding="utf-8")
    checked = compiled(tmp_path, "typed.ts")
    assert checked.returncode == 0, checked.stdout
    # And the compiler does notice what is wrong.
    (tmp_path / "typed.ts").write_text(TYPED.replace("// @ts-expect-error", "//"), encoding="utf-8")
    assert compiled(tmp_path, "typed.ts").stdout.count("error TS") == 4


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("typescript")
    (home / "flags.ts").write_text(module(catalogue(AWKWARD)), encoding="utf-8")
    assert compiled(home, "flags.ts").returncode == 0
    (home / "made" / "read.mjs").write_text(READ, encoding="utf-8")
    return home


LIMITS = {"upload": 5, "kinds": ["mp4", "mkv"], "deep": {"a": None}}


@pytest.mark.parametrize("kind", ["node", "page"])
@pytest.mark.parametrize(
    ("flag", "served", "expected"),
    [
        ("class", {"enabled": False, "value": None}, [False, None]),
        ("all", {"enabled": False, "value": "bye"}, [False, "bye"]),
        ("all", {"enabled": False, "value": 5}, [False, "hello"]),
        ("i", {"enabled": True, "value": "7"}, [True, 7]),
        ("a_1", {"enabled": True, "value": True}, [True, True]),
        ("a_1", {"enabled": True, "value": "even"}, [True, 1]),
        ("a1", {"enabled": True, "value": '{"words":["x","y"],"size":1}'}, [True, {"words": ["x", "y"], "size": 1}]),
        ("a1", {"enabled": True, "value": '{"words":["x"],"size":1}'}, [True, {"size": 1, "words": ["x", "y"]}]),
        ("limits", {"enabled": True, "value": '{"upload": 6}'}, [True, {"upload": 6}]),
        ("limits", {"enabled": True, "value": "{broken"}, [True, LIMITS]),
        ("limits", {}, [True, LIMITS]),
    ],
)
def test_flags_of_both_sdks_are_read_and_defaults_are_given_for_what_does_not_fit(
    reader: Path, kind: str, flag: str, served: dict[str, Any], expected: list[Any]
) -> None:
    command = [node("node"), "made/read.mjs", json.dumps([flag, kind, served])]
    done = subprocess.run(command, cwd=reader, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == expected


def test_the_service_s_module_is_what_the_catalogue_says(run: Run) -> None:
    source = str(NODE / "src" / "flags.ts")
    done = run("flags", "codegen", "--typescript", source, "--check", "--catalogue", str(EXAMPLE))
    assert done.exit_code == 0, done.stderr
    for user in ("pipeline.ts", "flagsmith.ts"):
        assert 'from "./flags.js"' in (NODE / "src" / user).read_text(encoding="utf-8")


def test_what_cannot_be_seen_is_written_by_its_number() -> None:
    assert literal("a\u202eb") == '"a\\u202eb"'
    assert shutil.which("node") is None or json.loads(literal("a\u2028\U000e0001b")) == "a\u2028\U000e0001b"


def test_two_files_of_one_name_and_no_file_are_refused(tmp_path: Path, run: Run) -> None:
    one = str(tmp_path / "flags")
    assert "given twice" in run("flags", "codegen", "--python", one, "--typescript", one).stderr
    assert "--typescript FILE" in run("flags", "codegen").stderr
