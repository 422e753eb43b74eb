"""The files of the stacks, where they are deployed, and what is deployed there."""
