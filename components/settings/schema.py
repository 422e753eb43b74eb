"""Walking the settings' model: which keys exist where."""

import types
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def unwrap(annotation: Any) -> Any:
    """Take `Annotated` and `| None` off a type."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            annotation = next(part for part in get_args(annotation) if part is not type(None))
        else:
            return annotation


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the section that a type is, or that a list or map of it holds; None for single values."""
    annotation = unwrap(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (tuple, dict):
        return next((found for part in get_args(annotation) if (found := model_of(part))), None)
    return None


def is_structured(annotation: Any) -> bool:
    """Whether the type is a section, a list or a map, which arrive as JSON when they arrive as text."""
    annotation = unwrap(annotation)
    return get_origin(annotation) in (tuple, dict) or model_of(annotation) is not None


def known_keys(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """Return the keys of the section at `path`; indices of lists and names in maps are passed over."""
    current = model
    for part in path:
        fields = {field.alias: field for field in current.model_fields.values()}
        if part in fields:
            current = model_of(fields[str(part)].annotation) or current
    return [str(field.alias) for field in current.model_fields.values()]


@lru_cache(maxsize=4096)
def is_named_by_people(model: type[BaseModel], path: tuple[str | int, ...]) -> bool:
    """Whether the last key of `path` is a name that people choose, as that of a variable or a label."""
    current = model
    for part in path[:-1]:
        field = next((field for field in current.model_fields.values() if field.alias == part), None)
        if field is not None:
            annotation = unwrap(field.annotation)
            if get_origin(annotation) is dict and model_of(annotation) is None:
                return True
            current = model_of(annotation) or current
    return False
