"""The package's schema, as Pulumi's own analyser makes it, is the settings' model: no more, no less, in its words."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin

import pytest
from pulumi.provider.experimental.analyzer import (
    Analyzer,
    AnalyzeResult,
    ComponentDefinition,
    PropertyDefinition,
    TypeDefinition,
)
from pydantic import BaseModel, create_model
from pydantic.fields import FieldInfo

from components.package.arguments import Arguments
from components.package.component import TYPE, FeatureFlags
from components.package.provider import PackageProvider
from components.settings import PROJECT, Settings
from components.settings.base import Section
from components.settings.schema import model_of, unwrap
from flagops.commands.docs import package_arguments
from flagops.commands.docs.configuration_page import entries
from tests.recording import ROOT

SIMPLE = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


@cache
def analysed() -> AnalyzeResult:
    """What Pulumi's analyser finds; it reads the sources again for each class, which takes a second or two."""
    return Analyzer(PROJECT).analyze([FeatureFlags])


def component() -> ComponentDefinition:
    return analysed()["component_definitions"]["FeatureFlags"]


def types() -> dict[str, TypeDefinition]:
    return analysed()["type_definitions"]


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Every section of the settings, by its type's name."""
    yield "", Settings
    seen, todo = {"Settings"}, [Settings]
    while todo:
        for field in todo.pop().model_fields.values():
            model: Any = model_of(field.annotation)
            if model is not None and model.__name__ not in seen:
                seen.add(model.__name__)
                todo.append(model)
                yield model.__name__, model


SECTIONS = dict(sections())


def named(definition: PropertyDefinition) -> TypeDefinition:
    assert definition.ref is not None
    return types()[definition.ref.rpartition(":")[2]]


def agrees(annotation: Any, definition: PropertyDefinition) -> bool:
    """Whether what the analyser found is the type that the model has."""
    plain = unwrap(annotation)
    origin, inner = get_origin(plain), [part for part in get_args(plain) if part is not Ellipsis]
    if origin is tuple:
        return definition.items is not None and agrees(inner[0], definition.items)
    if origin is dict:
        return definition.additional_properties is not None and agrees(inner[1], definition.additional_properties)
    if origin is Literal:
        return [member.value for member in named(definition).enum or ()] == inner
    model = model_of(plain)
    if model is not None:
        return named(definition).name == model.__name__
    return definition.type is not None and definition.type.value == SIMPLE[plain.__name__]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_has_the_keys_the_types_and_the_words_of_the_model(name: str) -> None:
    model = SECTIONS[name]
    properties = types()[name].properties if name else component().inputs
    fields: dict[str, FieldInfo] = {str(field.alias): field for field in model.model_fields.values()}
    meanings = {row.key.removesuffix("[]").removesuffix(".*"): row.meaning for row in entries(model)}
    assert set(properties) == set(fields)
    for key, definition in properties.items():
        field = fields[key]
        assert definition.optional is not field.is_required(), key
        assert definition.plain, key
        assert agrees(field.annotation, definition), key
        assert (definition.description or "").startswith(meanings[key]), key


def test_there_is_no_type_that_the_model_has_not() -> None:
    enumerations = {name for name, definition in types().items() if definition.enum}
    assert set(types()) - enumerations == set(SECTIONS) - {""}
    assert enumerations


def test_the_arguments_are_what_the_model_says() -> None:
    written = (ROOT / package_arguments.PAGE).read_text(encoding="utf-8")
    assert written == package_arguments.package_arguments(), "run `ff docs` and commit the file"
    assert Arguments.__required_keys__ == {"host", "context"}


def test_two_sections_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """All types of a package are in one module."""
    one, other = (create_model("Same", __base__=Section, **{name: (int, 1)}) for name in ("one", "other"))  # type: ignore[call-overload]
    both = create_model("Both", __base__=Section, first=(one, one()), second=(other, other()))
    monkeypatch.setattr(package_arguments, "Settings", both)
    with pytest.raises(ValueError, match="Two types of the package would be called Same"):
        package_arguments.package_arguments()


def test_the_package_is_what_its_address_and_its_release_say() -> None:
    schema = json.loads(str(PackageProvider("1.2.3").schema))
    assert (schema["name"], schema["version"]) == (PROJECT, "1.2.3")
    # One import for an address in git and for a path: without a namespace of its own the address's owner is in it.
    assert schema["namespace"] == "footanalytics"
    assert list(schema["resources"]) == [TYPE]


def test_every_output_is_described() -> None:
    assert all(definition.description for definition in component().outputs.values())
    assert {name for name, definition in component().outputs.items() if not definition.optional} == {
        "url",
        "namespace",
        "context",
    }
