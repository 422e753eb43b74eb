"""The direct engine: deploys the Pulumi program without the Pulumi CLI, by the cluster's own API."""
