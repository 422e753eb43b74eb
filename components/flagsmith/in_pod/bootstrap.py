"""Gives a fresh Flagsmith its administrator, organisation, project and environments. Runs in the Flagsmith image.

It may run at any time, on any database: each step looks at what is there first, and what a person made or changed is
left as it is. A password is only ever set on an account that has none and that nobody has logged in with. A client key
is only ever written into an environment that is made here, for users are drawn by it; into one that exists go
server-side keys alone, and a client key that is another one than the stack's is where this ends, with nothing done.
An environment that people deleted is left out, and so is their whole project: no release waits for that.

With BOOTSTRAP_CHECK it only tells what it would do, or why it would end.
"""

import json
import os
import sys
from datetime import timedelta
from typing import Any

import django
from bootstrap_keys import (
    RefusedError,
    check,
    end_unneeded,
    given,
    is_free,
    matched,
    refuse_others_keys,
    write_server_keys,
)
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


def first_of_all(wanted: dict[str, Any], account: Any, keys: list[dict[str, Any]]) -> None:
    """The organisation, and its project with the environments and their client keys, in an empty database."""
    from environments.models import Environment
    from organisations.models import Organisation, OrganisationRole
    from projects.models import Project

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
        return
    lacking = [
        item["secret"] for item in wanted["keys"] if item["environment"] not in {key["environment"] for key in keys}
    ]
    if lacking:
        raise RefusedError(
            f"The environments would be made with other client keys than those of your Secrets, for good: these do not "
            f"have both keys yet: {', '.join(lacking)}. Make them, then run it again."
        )
    if not is_free(keys):
        return
    clients = {item["environment"]: item["client"] for item in keys}
    project = Project.objects.create(name=wanted["project"], organisation=organisation)
    for name in wanted["environments"]:
        own = {"api_key": clients[name]} if name in clients else {}
        Environment.objects.create(name=name, project=project, **own)
    print(f"project {project.name}: created with {', '.join(wanted['environments'])}")


def main() -> None:
    """Make what is missing, in one transaction."""
    django.setup()
    from users.models import FFAdminUser

    wanted = json.loads(os.environ["BOOTSTRAP"])
    overlap = timedelta(hours=wanted["overlapHours"])
    keys = given(wanted)
    try:
        check(keys)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            account = administrator(FFAdminUser, os.environ["ADMIN_EMAIL"], os.environ["ADMIN_PASSWORD"])
            first_of_all(wanted, account, keys)
            found = matched(keys, wanted)
            refuse_others_keys(found)
            for environment, item in found:
                write_server_keys(environment, item, wanted["stackNames"], overlap)
            end_unneeded(found, wanted, overlap)
            transaction.set_rollback("BOOTSTRAP_CHECK" in os.environ)
    except RefusedError as refused:
        sys.exit(f"Nothing is changed: {refused}")


if __name__ == "__main__":
    main()
