"""`ff flags validate` and `schema`: the catalogue by itself."""

from ops.commands.flags.options import CATALOGUE, CatalogueArgument, StrictOption, read
from ops.commands.options import print_json
from ops.console import progress


def validate(*, catalogue: CatalogueArgument = CATALOGUE, strict: StrictOption = False) -> None:
    """Check the catalogue: each problem with its file, line and key; exits with 1 when there is one."""
    declared, _ = read(catalogue, strict=strict)
    counts = f"{len(declared.flags)} flags and {len(declared.segments)} segments"
    progress().print(f"{catalogue} is right: {counts} for {', '.join(declared.environments)}.", style="green")


def schema() -> None:
    """Print the JSON Schema of a catalogue, for editors; flags/catalogue.schema.json holds it."""
    from ops.flags.catalogue.model import schema as made

    print_json(made())
