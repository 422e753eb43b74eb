"""How anything here reaches what a stack has deployed: its objects, containers, ports and one-off Jobs."""
