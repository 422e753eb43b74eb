"""Sets an account's password to the one on the first line of standard input. Argument: the account's e-mail.

Runs in an API pod, with Flagsmith's own models, so that the password is hashed as at a log-in. An account that wrong
passwords have locked (django-axes) is unlocked.
"""

import json
import sys

import django

django.setup()

from django.apps import apps  # noqa: E402 - models can be had only after the set-up
from django.contrib.auth import get_user_model  # noqa: E402
from django.db import DatabaseError  # noqa: E402


def main() -> None:
    """Set it, and print one JSON document."""
    email, password = sys.argv[1], sys.stdin.readline().rstrip("\n")
    try:
        user = get_user_model().objects.filter(email__iexact=email).first()
        if user is None:
            print(json.dumps({"error": f"there is no account with the e-mail {email!r}"}))
            return
        user.set_password(password)
        user.is_active = True
        user.save(update_fields=["password", "is_active"])
        unlocked = _unlock(email)
    except DatabaseError as error:
        print(json.dumps({"error": f"the database does not answer: {error}"}))
        return
    print(json.dumps({"email": user.email, "unlocked": unlocked}))


def _unlock(email: str) -> int:
    if not apps.is_installed("axes"):
        return 0
    # Only an installed app can be imported.
    from axes.utils import reset

    return int(reset(username=email) or 0)


main()
