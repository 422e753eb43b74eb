"""What deploys a stack: the Pulumi CLI, or the direct engine."""
