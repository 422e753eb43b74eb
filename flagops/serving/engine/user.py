"""The user whom a flag is evaluated for, as given on a command line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from components.text import quoting, yaml12, yaml_exact
from flagops.errors import BadInputError

Trait = bool | int | float | str
LONGEST = 2000  # characters; Flagsmith's own limit
QUOTES = "Quotes keep text: --trait 'plan=\"true\"'."


@dataclass(frozen=True)
class User:
    """Somebody with traits; nobody in particular without an identifier."""

    identifier: str | None = None
    traits: Mapping[str, Trait] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.identifier is None:
            return "a client that says nothing about its user"
        said = ", ".join(f"{name}={in_words(value)}" for name, value in self.traits.items())
        return f"{self.identifier} with {said}" if said else f"{self.identifier} without traits"


def user(identifier: str | None, given: Iterable[str]) -> User:
    """The user, with traits given as NAME=VALUE. Raises OpsError for what is no trait."""
    traits: dict[str, Trait] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise BadInputError(
                f"--trait {quoting.value(text)} must be NAME=VALUE.", hint="For example --trait plan=premium."
            )
        if name in traits:
            raise BadInputError(f"The trait {quoting.value(name)} is given twice: remove one.")
        traits[name] = _scalar(name, value)
    if identifier == "":
        raise BadInputError("--identity '' is empty: name a user, or leave it out.")
    if traits and identifier is None:
        raise BadInputError("There are traits, but no user.", hint="Say whose they are: --identity NAME.")
    return User(identifier, traits)


def _scalar(name: str, text: str) -> Trait:
    """A value as YAML reads it; dates stay text, since Flagsmith has none.

    A number that is written otherwise than it is read, such as the version 2.10 or a postcode 01356, is refused: who
    writes it means the text.
    """
    try:
        node = yaml12.compose(text)
        value = yaml12.read(text)
    except yaml12.YamlError:
        raise BadInputError(
            f"The trait {quoting.value(name)} has a value that is not YAML: {quoting.value(text)}.", hint=QUOTES
        ) from None
    other = None if node is None else yaml_exact.read_as(node, is_exact=True)
    if other is not None:
        said = f"The trait {quoting.value(name)} is {quoting.value(text)}, which YAML reads as {other}"
        raise BadInputError(
            f"{said}.", hint=f"Write the text in quotes, --trait '{name}=\"{text}\"', or write {other}."
        )
    if not isinstance(value, bool | int | float | str):
        said = f"The trait {quoting.value(name)} is {quoting.value(text)}"
        raise BadInputError(f"{said}: must be true, false, a number or text.", hint=QUOTES)
    if isinstance(value, str) and len(value) > LONGEST:
        raise BadInputError(f"The trait {quoting.value(name)} has {len(value)} characters; Flagsmith takes {LONGEST}.")
    return str(value) if isinstance(value, yaml12.Timestamp) else value


def in_words(value: object) -> str:
    """A trait or a flag's value for people: true in small letters, text as it is."""
    if isinstance(value, bool):
        return str(value).lower()
    return "nothing" if value is None else str(value)
