"""What `ff init` lets people choose from. It imports nothing that takes time: the help lists it."""

from enum import StrEnum
from typing import Final


class Template(StrEnum):
    """How much a new project has."""

    MINIMAL = "minimal"
    FULL = "full"


class Pipeline(StrEnum):
    """Where the project's workflows run."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


class Cloud(StrEnum):
    """Whose log-in the workflows use; with NONE a kubeconfig that is kept as a secret."""

    AWS = "aws"
    GCP = "gcp"
    AZURE = "azure"
    NONE = "none"


PULUMI_CLOUD: Final = "pulumi-cloud"
"""The backend that is no bucket."""
BUCKETS: Final = ("s3://", "gs://", "azblob://")
EXAMPLE_NAME: Final = "Feature Flags"
EXAMPLE_ISSUER: Final = "letsencrypt"
EXAMPLE_CONTROLLER: Final = "traefik"
