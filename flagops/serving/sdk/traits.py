"""The traits that a request gives a user, read as Flagsmith reads them, and put to those that are kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flagops.serving.http.message import RefusalError
from flagops.serving.model.backend import Kept, KeptTrait
from flagops.serving.sdk.rows import check_count, check_rows

LONGEST_VALUE: Final = 2000  # characters; Flagsmith's own limit
LONGEST_NAME: Final = 200
MOST: Final = 1000
"""Traits of a request, and of a user who is kept: people have some ten. Flagsmith has no such limit."""
REQUIRED: Final = "This field is required."


@dataclass(frozen=True)
class Given:
    """A trait that is given; one that is transient is not kept, one without a value is taken away."""

    name: str
    value: Any
    is_transient: bool = False


@dataclass(frozen=True)
class Trait:
    """A trait that counts for an answer."""

    name: str
    value: Any
    number: int | None
    is_transient: bool

    @property
    def row(self) -> Mapping[str, Any]:
        """The trait in the form of the API."""
        return {
            "id": self.number,
            "trait_key": self.name,
            "trait_value": self.value,
            "transient": self.is_transient,
        }


def given(rows: object) -> list[Given]:
    """The traits of a request's body. Raises RefusalError with what is wrong with each."""
    if rows is None:
        return []
    if not isinstance(rows, list):
        said = f'Expected a list of items but got type "{type(rows).__name__}".'
        raise RefusalError(400, {"traits": {"non_field_errors": [said]}})
    check_count(rows, MOST, "traits")
    check_rows(rows, _problems, "traits")
    return [Given(str(row["trait_key"]), _scalar(row["trait_value"]), bool(row.get("transient"))) for row in rows]


def _problems(row: object) -> dict[str, list[str]]:
    if not isinstance(row, dict):
        said = f"Invalid data. Expected a dictionary, but got {type(row).__name__}."
        return {"non_field_errors": [said]}
    found = {name: [REQUIRED] for name in ("trait_key", "trait_value") if name not in row}
    name = row.get("trait_key", "-")
    if not isinstance(name, str | int | float) or isinstance(name, bool):
        found["trait_key"] = ["Not a valid string."]
    elif not str(name).strip():
        found["trait_key"] = ["This field may not be blank."]
    elif len(str(name)) > LONGEST_NAME:
        found["trait_key"] = [f"Ensure this field has no more than {LONGEST_NAME} characters."]
    if len(str(_scalar(row.get("trait_value")))) > LONGEST_VALUE:
        said = f"Value string is too long. Must be less than {LONGEST_VALUE} character"
        found["trait_value"] = [said]
    return found


def _scalar(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def counting(kept: Kept | None, new: Iterable[Given], *, all_transient: bool = False) -> list[Trait]:
    """The traits that count for one answer; those that are transient come before kept ones of the same name."""
    found = {} if kept is None else {name: _of(name, trait) for name, trait in kept.traits.items()}
    for item in new:
        if item.is_transient or all_transient:
            found[item.name] = Trait(item.name, item.value, None, is_transient=True)
    return list(found.values())


def put(user: Kept, new: Iterable[Given]) -> None:
    """Give a user these traits for good, but for the transient ones. Raises RefusalError for too many."""
    for item in new:
        if item.is_transient:
            continue
        if item.value is None:
            user.traits.pop(item.name, None)
            continue
        before = user.traits.get(item.name)
        user.traits[item.name] = KeptTrait(item.value, before.number if before else None)
    if len(user.traits) > MOST:
        raise RefusalError(400, {"traits": [f"A user can have {MOST} traits here, with those that are kept."]})


def _of(name: str, trait: KeptTrait) -> Trait:
    return Trait(name, trait.value, trait.number, is_transient=False)
