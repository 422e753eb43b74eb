"""A project's own style of names, and names that differ in case only, in a catalogue and on a server."""

import ast
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.catalogue.load import load, parse
from flagops.commands.flags.catalogue.naming import NameStyle, fits, joined, style_of, words
from flagops.commands.flags.catalogue.problems import CatalogueError
from flagops.commands.flags.catalogue.rules import check
from flagops.commands.flags.code.codegen import constant, module
from flagops.commands.flags.code.mentions import look_for, mentions
from flagops.errors import BadInputError
from tests.flagops.commands.flags.support import Project, Run

FILE = Path("c.yaml")
PLAIN = "{description: x, owner: x, kind: ops, enabled: false%s}"
FLAGS, SEGMENTS = "/api/v1/projects/1/features/", "/api/v1/projects/1/segments/"
CONDITION = "{description: x, all: [{trait: t, operator: EQUAL, value: v}]}"
NAMES = {
    NameStyle.SNAKE: ["new_dashboard", "a", "a_1"],
    NameStyle.KEBAB: ["new-dashboard", "a", "a-1"],
    NameStyle.CAMEL: ["newDashboard", "a", "modelV2Enabled"],
    NameStyle.PASCAL: ["NewDashboard", "A", "ModelV2"],
    NameStyle.ANY: ["New Dashboard!", "web.checkout", "a__b", "ÄrgerX"],
}


def problems(text: str) -> list[str]:
    try:
        declared, source = parse(text, FILE)
    except CatalogueError as error:
        return error.message.splitlines()
    return [source.line(problem) for problem in check(declared, date(2026, 11, 23))]


def catalogue(*, names: str = "", environments: str = "[staging]", segments: str = "", flags: str = "") -> str:
    head = f"names: {names}\n" if names else ""
    return f"{head}project: P\nenvironments: {environments}\nsegments: {{{segments}}}\nflags: {{{flags}}}\n"


@pytest.mark.parametrize("style", NameStyle)
def test_names_are_in_the_project_s_own_style(style: NameStyle) -> None:
    for name in NAMES[style]:
        both = {"segments": f'"{name}": {CONDITION}', "flags": f'"{name}": {PLAIN % ""}'}
        assert problems(catalogue(names=str(style), **both)) == []
    wrong = [name for other in NAMES if other is not style for name in NAMES[other] if not fits(name, style)]
    for name in wrong if style is not NameStyle.ANY else ():
        (said,) = problems(catalogue(names=str(style), flags=f'"{name}": {PLAIN % ""}'))
        assert f"must be {style}: " in said, name


def test_a_style_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    (said,) = problems(catalogue(names="Train-Case"))
    assert (
        said == "c.yaml:1:1: names: is 'Train-Case': must be one of snake_case, kebab-case, camelCase, PascalCase, any"
    )


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        (
            catalogue(environments="[Production, production]"),
            "environments[1]",
            "'production' differs from 'Production'",
        ),
        (catalogue(segments=f"beta: {CONDITION}, Beta: {CONDITION}", names="any"), "segments.Beta", "in case only"),
        (catalogue(flags=f"ui: {PLAIN % ''}, UI: {PLAIN % ''}", names="any"), "flags.UI", "'UI' differs from 'ui'"),
        (
            catalogue(flags=f"a: {PLAIN % ', tags: [web]'}, b: {PLAIN % ', tags: [x, Web]'}"),
            "flags.b.tags[1]",
            "'Web' differs from 'web'",
        ),
        (
            catalogue(
                flags="a: " + PLAIN % ", variations: [{name: v, value: 1, weight: 50}, {name: V, value: 2, weight: 50}]"
            ),
            "flags.a.variations[1].name",
            "'V' differs from 'v'",
        ),
        (
            catalogue() + "access:\n  groups: {devs: {role: viewer}, Devs: {role: viewer}}\n",
            "access.groups.Devs",
            "'Devs' differs from 'devs'",
        ),
        (
            catalogue(flags="a: " + PLAIN % ", environments: {Staging: {enabled: true}}"),
            "flags.a.environments.Staging",
            "is no environment of this catalogue: write staging, as it does",
        ),
        (
            catalogue(
                segments=f"beta: {CONDITION}", flags="a: " + PLAIN % ", targeting: [{segment: Beta, enabled: true}]"
            ),
            "flags.a.targeting[0].segment",
            "Beta is no segment of this catalogue: write beta, as it does",
        ),
    ],
)
def test_names_that_differ_in_case_only_are_refused(text: str, key: str, said: str) -> None:
    (found,) = problems(text)
    assert found.split(": ")[1] == key
    assert said in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (catalogue(environments="[' a']"), "environments[0]: is ' a': has blanks at its ends"),
        (catalogue(environments="['']"), "environments[0]: is empty"),
        (catalogue().replace("project: P", "project: '  '"), "project: is empty"),
        (catalogue(flags="a: " + PLAIN % ", tags: ['']"), "flags.a.tags[0]: is empty"),
        (catalogue(flags=f"a: {PLAIN % f', tags: [{101 * chr(120)}]'}"), "has 101 characters"),
        (catalogue() + f"access:\n  groups:\n    ? {'g' * 201}\n    : {{role: viewer}}\n", "Flagsmith takes 200"),
        (catalogue(flags=f"? {'a' * 2001}\n: {PLAIN % ''}\n"), "Flagsmith takes 2000"),
        (
            catalogue(flags="a: " + PLAIN % ", variations: [{name: a b, value: 1, weight: 100}]"),
            "variations[0].name: is 'a b': must be of the letters",
        ),
        (
            catalogue(flags=f"a: {PLAIN % f', variations: [{{name: {256 * chr(120)}, value: 1, weight: 100}}]'}"),
            "variations[0].name: has 256 characters; Flagsmith takes 255",
        ),
        (
            catalogue(environments=f"[{'e' * 1500}]", flags=f"? {'a' * 600}\n: {PLAIN % ', rollout: 5'}\n"),
            "of 2101 characters; Flagsmith takes 2000",
        ),
        (
            catalogue(
                names="any",
                environments="[b, b.c]",
                segments=f"c: {CONDITION}",
                flags=f"a: {PLAIN % ', rollout: {everyone: 5, segments: {c: 10}}'}",
            ),
            "needs a segment 'a.b.c', a name that the rollout of a has",
        ),
    ],
)
def test_names_are_what_flagsmith_can_keep(text: str, said: str) -> None:
    found = problems(text)
    assert any(said in line for line in found), found


def test_a_name_of_2000_characters_is_right() -> None:
    assert problems(catalogue(flags=f"? {'a' * 2000}\n: {PLAIN % ''}\n")) == []


@pytest.mark.parametrize(
    ("name", "parts", "code"),
    [
        ("new_dashboard", ["new", "dashboard"], "NEW_DASHBOARD"),
        ("new-dashboard", ["new", "dashboard"], "NEW_DASHBOARD"),
        ("newDashboard", ["new", "dashboard"], "NEW_DASHBOARD"),
        ("modelV2Enabled", ["model", "v2", "enabled"], "MODEL_V2_ENABLED"),
        ("HTTPServer2", ["http", "server2"], "HTTP_SERVER2"),
        ("web.checkout page", ["web", "checkout", "page"], "WEB_CHECKOUT_PAGE"),
        ("2fast", ["2fast"], "FLAG_2FAST"),
        ("Größe", ["größe"], "GRÖSSE"),
        ("!", [], "FLAG"),
    ],
)
def test_a_name_in_any_style_has_words_and_a_constant(name: str, parts: list[str], code: str) -> None:
    assert words(name) == parts
    assert constant(name) == code
    assert constant(name).isidentifier()


def test_the_first_style_that_fits_all_names_is_theirs() -> None:
    for style, names in NAMES.items():
        assert style_of(names) is style
    assert style_of(["a", "b"]) is NameStyle.SNAKE
    assert style_of(["newUi", "new-ui"]) is NameStyle.ANY
    assert joined("new-ui", "v2") == "new-ui-v2"
    assert joined("newUi", "v2") == "newUiV2"


def test_the_version_of_a_flag_is_in_its_name_in_any_style() -> None:
    for style, name in (
        (NameStyle.KEBAB, "model-v2"),
        (NameStyle.CAMEL, "modelV2On"),
        (NameStyle.SNAKE, "model_v2_on"),
    ):
        assert problems(catalogue(names=style, flags=f"{name}: {PLAIN % ', version: 2'}")) == []
    (said,) = problems(catalogue(names="camelCase", flags=f"modelOn: {PLAIN % ', version: 2'}"))
    assert "the name must say so, such as modelOnV2" in said


def test_code_has_the_names_of_any_style_and_refuses_two_that_it_cannot_tell_apart() -> None:
    text = catalogue(names="any", flags=f"new-ui: {PLAIN % ', value: x'}, 2 fast: {PLAIN % ''}")
    source = module(parse(text, FILE)[0])
    ast.parse(source)
    assert 'NEW_UI: Flag[str] = Flag(\n    name="new-ui"' in source
    assert 'FLAG_2_FAST: Flag[None] = Flag(\n    name="2 fast"' in source
    both = catalogue(names="any", flags=f"new-ui: {PLAIN % ''}, newUi: {PLAIN % ''}")
    with pytest.raises(BadInputError, match="'new-ui' and 'newUi' would both be NEW_UI in code"):
        module(parse(both, FILE)[0])


def test_code_that_names_a_flag_in_any_style_is_found() -> None:
    names = look_for(["new-ui", "new-ui-2", "darkMode"])
    text = 'a = flag("new-ui-2")\nb = NEW_UI.is_enabled(x)\nc = client.darkMode()\nd = "darkMode"\n'
    assert {name for name, _ in mentions(text, ".py", names)} == {"new-ui-2", "new-ui", "darkMode"}


def rename(client: Any, kind: str) -> None:
    """Make something whose name the catalogue below spells otherwise."""
    if kind == "environment":
        client.post("/api/v1/environments/", {"name": "Canary", "project": 1})
    elif kind == "segment":
        conditions = [{"property": "t", "operator": "EQUAL", "value": "v"}]
        rules = [{"type": "ALL", "rules": [{"type": "ALL", "conditions": conditions}], "conditions": []}]
        client.post(SEGMENTS, {"name": "Beta", "rules": rules})
    elif kind == "flag":
        client.post(FLAGS, {"name": "Banner"})
    elif kind == "tag":
        client.post("/api/v1/projects/1/tags/", {"label": "Web", "color": "#000000"})
    elif kind == "group":
        client.post("/api/v1/organisations/1/groups/", {"name": "Devs", "is_default": False})
    elif kind == "variation":
        number = client.post(FLAGS, {"name": "banner"})["id"]
        option = {"feature": number, "type": "unicode", "string_value": "y", "default_percentage_allocation": 50}
        client.post(f"{FLAGS}{number}/mv-options/", {**option, "key": "Other"})


@pytest.mark.parametrize(
    ("kind", "there", "name"),
    [
        ("environment", "Canary", "canary"),
        ("segment", "Beta", "beta"),
        ("flag", "Banner", "banner"),
        ("tag", "Web", "web"),
        ("group", "Devs", "devs"),
        ("variation", "Other", "other"),
    ],
)
def test_what_a_server_spells_otherwise_is_no_new_thing(
    server: Project, run: Run, tmp_path: Path, kind: str, there: str, name: str
) -> None:
    rename(server.client, kind)
    variations = "[{name: one, value: x, weight: 50}, {name: other, value: y, weight: 50}]"
    text = catalogue(
        environments="[canary]",
        segments=f"beta: {CONDITION}",
        flags=f"banner: {PLAIN % f', tags: [web], variations: {variations}'}",
    )
    path = tmp_path / "c.yaml"
    path.write_text(
        text.replace("project: P", "project: FootAnalytics") + "access:\n  groups: {devs: {role: viewer}}\n",
        encoding="utf-8",
    )
    for command in (("plan",), ("apply", "--yes")):
        done = run("flags", command[0], str(path), "--url", server.url, *command[1:])
        assert done.exit_code == 1, done.stdout
        assert f"{kind} '{there}', and the catalogue '{name}'" in done.stderr
    assert server.double is None or not any(
        method in ("PUT", "PATCH", "DELETE") for method, _ in server.double.requests
    )


def test_a_project_that_is_spelt_otherwise_is_named(server: Project, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(catalogue().replace("project: P", "project: footanalytics"), encoding="utf-8")
    done = run("flags", "plan", str(path), "--url", server.url)
    assert "it is called 'FootAnalytics' there" in done.stderr


@pytest.mark.parametrize(("names", "style"), [(["new-ui", "b"], "kebab-case"), (["newUi", "b"], "camelCase")])
def test_an_export_has_the_style_of_the_names_that_are_there(
    server: Project, run: Run, tmp_path: Path, names: list[str], style: str
) -> None:
    for name in names:
        server.client.post(FLAGS, {"name": name})
    path = tmp_path / "c.yaml"
    assert run("flags", "export", "--url", server.url, "--out", str(path)).exit_code == 0
    declared = load(path)[0]
    assert (str(declared.names), list(declared.flags)) == (style, names)
    assert run("flags", "plan", str(path), "--url", server.url).exit_code == 0
