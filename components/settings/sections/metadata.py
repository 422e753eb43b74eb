"""Labels and annotations of the operator's own, by the kind of the objects that get them."""

from pydantic import Field

from components.settings.base import Section
from components.settings.object_metadata import ObjectMetadata


class MetadataSettings(Section):
    """Labels and annotations beside the program's own; those of the namespace are in `namespace`."""

    pods: ObjectMetadata = Field(
        default_factory=ObjectMetadata,
        description="Of the pods that go on running. The operator of a Cluster puts them on all that it makes for it.",
    )
    jobs: ObjectMetadata = Field(
        default_factory=ObjectMetadata,
        description="Of the pods of Jobs. They also say that no service mesh is to put a container beside them, "
        "unless you say otherwise here.",
    )
    service_accounts: ObjectMetadata = Field(default_factory=ObjectMetadata, description="Of the service accounts.")
    services: ObjectMetadata = Field(default_factory=ObjectMetadata, description="Of the Services.")
