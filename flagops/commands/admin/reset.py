"""The administrator's account."""

from pathlib import Path
from typing import Final

from flagops.flagsmith_api.administrator import password
from flagops.pods.python_in_pod import run_python
from flagops.stacks.deployed import Instance

SCRIPT: Final = Path(__file__).with_name("in_pod") / "admin_password.py"


def reset_password(instance: Instance) -> bool:
    """Set the administrator's password back to the Secret's; whether the account had been locked by wrong passwords.

    Raises OpsError when there is no such account or no pod of the API is ready.
    """
    answer = run_python(
        instance,
        SCRIPT,
        [instance.settings.admin_email],
        stdin=f"{password(instance)}\n",
        what="The password cannot be reset",
    )
    return bool(answer["unlocked"])
