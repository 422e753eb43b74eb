"""The environments of a Flagsmith that runs, read once."""

from flagops.commands.flags.catalogue.conditions import Expressions
from flagops.commands.flags.documents.other_flags import decided_otherwise
from flagops.commands.flags.serve.conditions import check_answerable
from flagops.commands.flags.serve.shape import check_shape
from flagops.commands.flags.server.engine import engine_of
from flagops.errors import NotFoundError
from flagops.flagsmith_api.connect import connect
from flagops.flagsmith_api.throwaway import kept
from flagops.serving.model.declared import Declared
from flagops.serving.model.environment import Feature
from flagops.serving.server.state import Loaded


def from_flagsmith(*, stack: str | None, url: str | None) -> Loaded:
    """All environments of the project of a stack, or of the Flagsmith at an address. Raises OpsError."""
    with connect(stack=stack, url=url, option="--from") as connection:
        client = connection.client
        rows = list(kept(client.pages(f"/api/v1/projects/{connection.project}/features/")))
        made = []
        expressions = Expressions()  # of all environments, whose segments are the same
        for place in connection.environments:
            document = client.get(f"/api/v1/environments/{place.key}/document/")
            label = f"The document of {place.name} in {connection.label}"
            check_shape(document, label)
            check_answerable(document, label, expressions)
            made.append(document)
        if not made:
            raise NotFoundError(f"The project {connection.name} of {connection.label} has no environment to serve.")
        notes = decided_otherwise(made, engine_of(client).said_of_flags)
    names = ("created_date", "description", "initial_value", "default_enabled")
    features = {row["id"]: Feature(**{name: row.get(name) for name in names}) for row in rows}
    about = {row["name"]: {"description": row.get("description") or ""} for row in rows}
    return Loaded(tuple(Declared(document, features) for document in made), about, notes)
