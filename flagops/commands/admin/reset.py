"""The administrator's account."""

from pathlib import Path
from typing import Final

from flagops.flagsmith_api.administrator import password
from flagops.pods.python_in_pod import run_python
from flagops.stacks.deployed import Site

SCRIPT: Final = Path(__file__).with_name("in_pod") / "admin_password.py"


def reset_password(site: Site) -> bool:
    """Set the administrator's password back to the Secret's; whether the account had been locked by wrong passwords.

    Raises OpsError when there is no such account or no pod of the API is ready.
    """
    answer = run_python(
        site,
        SCRIPT,
        [site.settings.admin_email],
        stdin=f"{password(site)}\n",
        what="The password cannot be reset",
    )
    return bool(answer["unlocked"])
