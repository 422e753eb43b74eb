"""Makes the log-in of what runs rollouts, and writes its token. Runs in the Flagsmith image.

It may run at any time: what it makes is looked for first, and its rights are set to what is needed and no more. The
account has no password, and nobody can log in with it; it is known by its token alone. A token of before ends here.
"""

import json
import os
import sys
from typing import Any

import django
from django.db import connection, transaction

# Two runs at once take turns: any fixed number that no other program locks in this database.
LOCK = 0x464C4156
OF_PROJECT = ["VIEW_PROJECT", "MANAGE_SEGMENTS"]
"""What it may in its project: see all of it, and change segments, which hold the shares."""
OF_ENVIRONMENT = ["VIEW_ENVIRONMENT"]
"""What it may in each environment: see what is on, and switch nothing."""


class LoginRefusedError(Exception):
    """What is there is not what the log-in could be made of; the message says what to do."""


def project_of(wanted: dict[str, str]) -> Any:
    """The project whose flags are rolled out: the one of the settings, or the only one, whatever it is called by now.

    LoginRefusedError where there are others alone.
    """
    from projects.models import Project

    known = Project.objects.filter(deleted_at__isnull=True)
    named = known.filter(name=wanted["project"], organisation__name=wanted["organisation"]).first()
    if named is not None:
        return named
    there = list(known.order_by("id")[:2])
    if len(there) == 1:
        return there[0]
    found = "are several projects" if there else "is no project"
    raise LoginRefusedError(
        f"There {found}, and none called {wanted['project']!r} of the organisation {wanted['organisation']!r}: name "
        "yours in feature-flags:admin, or set feature-flags:rollouts.enabled to false."
    )


def account_of(email: str) -> Any:
    """The account. LoginRefusedError where a person has this address."""
    from users.models import FFAdminUser

    account = FFAdminUser.objects.filter(email__iexact=email).first()
    if account is None:
        print(f"account {email}: created")
        # Without a password, which none can then be.
        return FFAdminUser.objects.create_user(email=email, first_name="Rollouts", last_name="(feature-flags)")
    if account.has_usable_password() or account.is_superuser or account.is_staff:
        raise LoginRefusedError(
            f"{email} is an account with a password or with rights over all of Flagsmith, and not the one that was "
            "made for rollouts: delete it in Flagsmith, or give it another address."
        )
    if not account.is_active:
        raise LoginRefusedError(
            f"{email} was switched off in Flagsmith, and stays so. Activate it, or set feature-flags:rollouts.enabled "
            "to false."
        )
    return account


def limit(account: Any, project: Any) -> None:
    """Set its rights: a user of the project's organisation, of no group, with those that are needed and no other."""
    from environments.models import Environment
    from environments.permissions.models import UserEnvironmentPermission
    from organisations.models import OrganisationRole, UserOrganisation
    from organisations.permissions.models import UserOrganisationPermission
    from projects.models import UserProjectPermission

    UserOrganisation.objects.filter(user=account).exclude(organisation=project.organisation).delete()
    UserOrganisation.objects.update_or_create(
        user=account, organisation=project.organisation, defaults={"role": OrganisationRole.USER.name}
    )
    UserOrganisationPermission.objects.filter(user=account).delete()
    account.permission_groups.clear()
    UserProjectPermission.objects.filter(user=account).exclude(project=project).delete()
    own, _ = UserProjectPermission.objects.update_or_create(user=account, project=project, defaults={"admin": False})
    own.set_permissions(OF_PROJECT)
    environments = list(Environment.objects.filter(project=project))
    UserEnvironmentPermission.objects.filter(user=account).exclude(environment__in=environments).delete()
    for environment in environments:
        seen, _ = UserEnvironmentPermission.objects.update_or_create(
            user=account, environment=environment, defaults={"admin": False}
        )
        seen.set_permissions(OF_ENVIRONMENT)
    print(f"project {project.name}: {account.email} may see it, and manage its segments")


def write_token(account: Any, token: str) -> None:
    """Let it be known by this token, and by no other."""
    from rest_framework.authtoken.models import Token

    if Token.objects.filter(key=token, user=account).exists():
        return
    Token.objects.filter(user=account).delete()
    Token.objects.create(user=account, key=token)
    print(f"account {account.email}: its token is the one of the Secret")


def main() -> None:
    """Make what is missing, in one transaction."""
    django.setup()
    wanted = json.loads(os.environ["ROLLOUTS_LOGIN"])
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            project = project_of(wanted)
            account = account_of(wanted["email"])
            limit(account, project)
            write_token(account, os.environ["ROLLOUTS_TOKEN"])
    except LoginRefusedError as refused:
        sys.exit(f"Nothing is changed: {refused}")


if __name__ == "__main__":
    main()
