"""Runs the Pulumi program without a cluster, and has its policies judge what comes out."""
