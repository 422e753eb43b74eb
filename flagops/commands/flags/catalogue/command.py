"""`ff flags validate` and `schema`: the catalogue by itself."""

from flagops.commands.flags.catalogue.model import schema as made
from flagops.commands.flags.catalogue.options import CATALOGUE, CatalogueArgument, StrictOption, read
from flagops.console import progress
from flagops.terminal.options import print_json


def validate(*, catalogue: CatalogueArgument = CATALOGUE, strict: StrictOption = False) -> None:
    """Check the catalogue: each problem with its file, line and key; exits with 1 when there is one."""
    declared, _ = read(catalogue, strict=strict)
    counts = f"{len(declared.flags)} flags and {len(declared.segments)} segments"
    progress().print(f"{catalogue} is right: {counts} for {', '.join(declared.environments)}.", style="green")


def schema() -> None:
    """Print the JSON Schema of a catalogue, for editors; flags/catalogue.schema.json holds it."""
    print_json(made())
