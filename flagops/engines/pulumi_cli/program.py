"""The Pulumi CLI as the Automation API calls it."""

import shutil
import subprocess
from typing import TYPE_CHECKING

from flagops.engines.choice import INSTALL_HINT
from flagops.engines.pulumi_cli.find import find
from flagops.errors import ToolError

if TYPE_CHECKING:
    # Pulumi takes half a second to import.
    from pulumi.automation import PulumiCommand


def find_command(*, install: bool) -> "PulumiCommand":
    """The CLI that is on PATH, else the one which the SDK's installer has put or, with `install`, now puts there.

    Raises OpsError when there is none, when it is too old for the SDK, or when it cannot be installed.
    """
    # Pulumi takes half a second to import.
    from pulumi.automation import InvalidVersionError, PulumiCommand

    try:
        if shutil.which("pulumi"):
            return PulumiCommand()
        if install:
            return PulumiCommand.install()
        found = find()
        if found is None:
            raise ToolError("There is no `pulumi` on PATH.", hint="Install it from pulumi.com.")
        return PulumiCommand(root=str(found.parent.parent))
    except InvalidVersionError as error:
        raise ToolError(f"The Pulumi CLI does not fit: {error}", hint="Install a newer one from pulumi.com.") from None
    except subprocess.CalledProcessError as error:
        said = (error.output or b"").decode(errors="replace").strip()
        raise ToolError(f"The Pulumi CLI cannot be used: {error}\n{said}".rstrip(), hint=INSTALL_HINT) from None
    except OSError as error:
        raise ToolError(f"The Pulumi CLI cannot be used or installed: {error}", hint=INSTALL_HINT) from None
