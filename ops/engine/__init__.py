"""The direct engine: runs the Pulumi program without the Pulumi CLI, against the cluster's own API."""
