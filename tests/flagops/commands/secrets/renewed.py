"""What a stack has of generated secrets, and what its file says of them."""

from pathlib import Path
from typing import Any

from flagops.commands.secrets.catalogue import GENERATED
from flagops.stacks.deployed import Instance
from flagops.stacks.files import load_stack


def held(instance: Instance) -> dict[str, dict[str, str]]:
    """The Secrets, by their names. The stack `local` has no rollouts."""
    return {item.secret: instance.secret(item.secret) for item in GENERATED if item.name != "rollouts"}


def rotations(home: Path) -> dict[str, Any]:
    """What the stack's file says."""
    return load_stack("local", home).settings.rotations.model_dump(exclude_defaults=True)
