"""Where the Pulumi CLI is; says so without importing Pulumi."""

import shutil
from importlib.metadata import version
from pathlib import Path

from flagops.homes import expanded


def find() -> Path | None:
    """The `pulumi` on PATH, else the one that the SDK's installer has put into the user's home, else None."""
    on_path = shutil.which("pulumi")
    if on_path:
        return Path(on_path)
    installed = expanded(f"~/.pulumi/versions/{version('pulumi')}/bin/pulumi")
    return installed if installed is not None and installed.is_file() else None
