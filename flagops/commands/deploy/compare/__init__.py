"""The difference between two versions of a stack's manifests, without a cluster and without credentials."""
