from pathlib import Path

import pytest

from flagops.errors import OpsError
from flagops.stacks.files import load_stack, stack_names


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: shop\nruntime: python\nconfig:\n  shop:size: {type: string, default: small}\n  colour: {value: red}\n"
    )
    (tmp_path / "Pulumi.blue.yaml").write_text("config:\n  shop:colour: blue\n  shop:key: {secure: AAAB}\n")
    (tmp_path / "Pulumi.green.yaml").write_text("encryptionsalt: v1\n")
    return tmp_path


def test_an_unknown_stack_is_an_error_that_lists_the_known_ones(project: Path) -> None:
    with pytest.raises(OpsError, match=r"no stack 'red' .* the stacks here are: blue, green"):
        load_stack("red", project)


def test_the_project_s_defaults_fill_in_what_a_stack_leaves_out(project: Path) -> None:
    stack = load_stack("blue", project)
    assert stack.values == {"shop:size": "small", "shop:colour": "blue", "shop:key": {"secure": "AAAB"}}
    assert load_stack("green", project).values == {"shop:size": "small", "shop:colour": "red"}


def test_encrypted_values_are_found_by_their_keys(project: Path) -> None:
    assert load_stack("blue", project).encrypted_keys == ["shop:key"]


def test_stack_names_come_from_the_files_only(project: Path) -> None:
    assert stack_names(project) == ["blue", "green"]


def test_a_stack_file_that_is_not_yaml_is_named(project: Path) -> None:
    (project / "Pulumi.blue.yaml").write_text("config: ]")
    with pytest.raises(OpsError, match=r"Pulumi\.blue\.yaml cannot be read: line 1: "):
        load_stack("blue", project)


@pytest.mark.parametrize("name", ["acme/blue", "acme/shop/blue"])
def test_a_stack_is_known_by_its_full_name_too(project: Path, name: str) -> None:
    stack = load_stack(name, project)
    assert (stack.name, stack.path.name, stack.for_pulumi) == ("blue", "Pulumi.blue.yaml", "acme/shop/blue")
    assert load_stack("blue", project).for_pulumi == "blue"


@pytest.mark.parametrize("name", ["acme/other/blue", "/shop/blue", "a/b/shop/blue", "acme corp/shop/blue"])
def test_a_full_name_of_another_project_is_refused(project: Path, name: str) -> None:
    with pytest.raises(OpsError, match="is not of this project, which is 'shop'") as error:
        load_stack(name, project)
    assert error.value.hint == "In full it is ORGANISATION/shop/blue; blue alone will do."


def test_a_file_whose_name_pulumi_would_not_take_is_no_stack_s(project: Path) -> None:
    (project / "Pulumi.my blue; rm.yaml").write_text("config: {}\n")
    assert stack_names(project) == ["blue", "green"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"config: {shop:colour: \xff}\n", r"Pulumi\.blue\.yaml is not UTF-8"),
        (b"config:\n  1: red\n", "line 2: the key '1' is not text; put it in quotes"),
        (
            b"config:\n  shop:colour: red\n  shop:colour: blue\n",
            r"line 3: the key 'shop:colour' is given twice, first at line 2",
        ),
        (b"config:\n  ? [a]\n  : red\n", "line 2: a list stands where a key must be"),
    ],
)
def test_a_stack_file_with_a_mistake_is_named_with_it(project: Path, content: bytes, problem: str) -> None:
    (project / "Pulumi.blue.yaml").write_bytes(content)
    with pytest.raises(OpsError, match=problem):
        load_stack("blue", project)


def test_what_a_merge_brings_is_not_a_key_given_twice(project: Path) -> None:
    text = "base: &base {shop:colour: red}\nconfig:\n  <<: *base\n  shop:colour: blue\n"
    (project / "Pulumi.blue.yaml").write_text(text)
    assert load_stack("blue", project).config == {"shop:colour": "blue"}


def test_a_stack_file_that_is_a_directory_is_named(project: Path) -> None:
    (project / "Pulumi.red.yaml").mkdir()
    with pytest.raises(OpsError, match=r"Pulumi\.red\.yaml cannot be read: Is a directory"):
        load_stack("red", project)
