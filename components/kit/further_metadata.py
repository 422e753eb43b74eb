"""The operator's labels and annotations, on objects that are made without the settings at hand."""

from typing import Any

import pulumi

from components.settings.object_metadata import ObjectMetadata
from components.settings.sections.metadata import MetadataSettings


class FurtherMetadata:
    """Puts them on every Service and service account below the resource that has `add` among its transformations."""

    def __init__(self, settings: MetadataSettings) -> None:
        self._wanted: dict[str, ObjectMetadata] = {
            "kubernetes:core/v1:Service": settings.services,
            "kubernetes:core/v1:ServiceAccount": settings.service_accounts,
        }

    def add(self, args: pulumi.ResourceTransformationArgs) -> None:
        """Add what is wanted to what is about to be registered; the program's own comes last, and counts."""
        wanted = self._wanted.get(args.type_)
        metadata: Any = args.props.get("metadata")
        if wanted is None or metadata is None:
            return
        if wanted.labels:
            metadata.labels = {**wanted.labels, **(metadata.labels or {})}
        if wanted.annotations:
            metadata.annotations = {**wanted.annotations, **(metadata.annotations or {})}
