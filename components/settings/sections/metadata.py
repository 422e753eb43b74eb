"""Labels and annotations of the operator's own, by the kind of the objects that get them."""

from pydantic import Field

from components.settings.base import Section
from components.settings.object_metadata import ObjectMetadata


class MetadataSettings(Section):
    """Labels and annotations beside the program's own; those of the namespace are in `namespace`."""

    pods: ObjectMetadata = Field(
        default_factory=ObjectMetadata,
        description="For pods that keep running. A Cluster's operator puts them on everything that it makes.",
    )
    jobs: ObjectMetadata = Field(
        default_factory=ObjectMetadata,
        description="For the pods of Jobs. Unless you say otherwise here, these also tell service meshes to add no "
        "container.",
    )
    service_accounts: ObjectMetadata = Field(default_factory=ObjectMetadata, description="For the service accounts.")
    services: ObjectMetadata = Field(default_factory=ObjectMetadata, description="For the Services.")
