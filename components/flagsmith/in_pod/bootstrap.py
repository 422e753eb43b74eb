"""Gives a fresh Flagsmith its administrator, organisation, project and environments. Runs in the Flagsmith image.

It may run at any time, on any database: each step looks at what is there first, and what a person made or changed is
left as it is. A password is only ever set on an account that has none and that nobody has logged in with.
"""

import json
import os
from typing import Any

import django
from django.db import connection, transaction

# Two runs at once take turns: any fixed number that no other program locks in this database.
LOCK = 0x464C4147


def administrator(users: Any, email: str, password: str) -> Any:
    """The superuser, or None when other people's accounts are there already."""
    account = users.objects.filter(email__iexact=email).first()
    if account is None:
        if users.objects.exists():
            print(f"the database has users, and {email} is none of them: no account is made")
            return None
        print(f"superuser {email}: created")
        return users.objects.create_superuser(email=email, password=password, is_active=True)
    if account.has_usable_password() or account.last_login is not None:
        print(f"superuser {email}: exists, its password is left alone")
    else:
        account.set_password(password)
        account.save(update_fields=["password"])
        print(f"superuser {email}: exists without a password, which is set")
    return account


def main() -> None:
    """Make what is missing, in one transaction."""
    django.setup()
    from environments.models import Environment
    from organisations.models import Organisation, OrganisationRole
    from projects.models import Project
    from users.models import FFAdminUser

    wanted = json.loads(os.environ["BOOTSTRAP"])
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        account = administrator(FFAdminUser, os.environ["ADMIN_EMAIL"], os.environ["ADMIN_PASSWORD"])
        if Organisation.objects.exists():
            print("organisation: there is one already")
        else:
            organisation = Organisation.objects.create(name=wanted["organisation"])
            if account is not None:
                account.add_organisation(organisation, OrganisationRole.ADMIN)
            print(f"organisation {organisation.name}: created")
        organisation = Organisation.objects.filter(name=wanted["organisation"]).first()
        if Project.objects.exists() or organisation is None:
            print("project: there is one already, or its organisation is not ours")
        else:
            project = Project.objects.create(name=wanted["project"], organisation=organisation)
            for name in wanted["environments"]:
                Environment.objects.create(name=name, project=project)
            print(f"project {project.name}: created with {', '.join(wanted['environments'])}")


if __name__ == "__main__":
    main()
