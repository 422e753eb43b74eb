"""Gives a fresh Flagsmith its administrator, organisation, project and environments. Runs in the Flagsmith image.

It may run at any time, on any database: each step looks at what is there first, and what a person made or changed is
left as it is. A password is only ever set on an account that has none and that nobody has logged in with. A client key
is only ever written into an environment that is made here, for users are drawn by it; into one that exists go
server-side keys alone, and a client key that is another one than the stack's is where this ends, with nothing done.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import django
from django.db import connection, transaction

# Two runs at once take turns: any fixed number that no other program locks in this database.
LOCK = 0x464C4147
# By how its key begins Flagsmith tells a server-side key, which is secret, from a client key, which is public.
SERVER_PREFIX = "ser."
# What goes into a column of 100 characters, and into a header of HTTP.
KEY = re.compile(r"[!-~]{1,100}")

RENEW = (
    "Renew them: with `ff secrets rotate sdk`, which raises feature-flags:rotations.sdk by one, or in the Secrets that "
    "you make."
)


class RefusedError(Exception):
    """What the stack says of its keys is not what the database has."""


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


def given(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """The keys of each environment whose Secret is there, with the values out of their variables."""
    found = []
    for item in wanted["keys"]:
        client = os.environ.get(item["client"])
        servers = [{**key, "key": os.environ.get(key["variable"])} for key in item["servers"]]
        if client is None or any(key["key"] is None for key in servers):
            print(f"keys of {item['environment']}: not all of them are in their Secrets yet, none is written")
        else:
            found.append({**item, "client": client, "servers": servers})
    return found


def told(found: list[dict[str, Any]]) -> Iterator[tuple[str, str, str, bool]]:
    """Each key with its environment, how it is called in a message, and whether it is a server-side one."""
    for item in found:
        name = item["environment"]
        for key, kind in ((item["client"], "client"), *((server["key"], "server-side") for server in item["servers"])):
            yield key, name, f"The {kind} key of {name!r} in the Secret {item['secret']}", kind == "server-side"


def check(found: list[dict[str, Any]]) -> None:
    """Raise RefusedError for keys that no SDK could use, and for those that would make a secret public."""
    owners: dict[str, str] = {}
    for key, name, called, is_server in told(found):
        if not KEY.fullmatch(key):
            raise RefusedError(
                f"{called} is empty, is longer than 100 characters, or has a space, an end of a line or the like in it."
            )
        if key.startswith(SERVER_PREFIX) != is_server:
            raise RefusedError(
                f"{called} is none. FLAGSMITH_ENVIRONMENT_KEY is for the client key, which is public, and "
                f"FLAGSMITH_SERVER_KEY for a server-side key, which is secret and begins with {SERVER_PREFIX!r}."
            )
        if key in owners:
            raise RefusedError(f"{called} is one of {owners[key]!r} too: each is given once.")
        owners[key] = name


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
    refuse_taken(keys)
    clients = {item["environment"]: item["client"] for item in keys}
    project = Project.objects.create(name=wanted["project"], organisation=organisation)
    for name in wanted["environments"]:
        own = {"api_key": clients[name]} if name in clients else {}
        Environment.objects.create(name=name, project=project, **own)
    print(f"project {project.name}: created with {', '.join(wanted['environments'])}")


def refuse_taken(keys: list[dict[str, Any]]) -> None:
    """Raise RefusedError if a key is already that of an environment, which can only be of a deleted project."""
    from environments.models import Environment, EnvironmentAPIKey

    # A deleted environment keeps its row, and its key is taken for good.
    known = Environment.objects.all_with_deleted().filter(api_key__in=[item["client"] for item in keys])
    taken = set(known.values_list("api_key", flat=True))
    names = [item["environment"] for item in keys if item["client"] in taken]
    servers = [server["key"] for item in keys for server in item["servers"]]
    ways = []
    if names:
        lines = "".join(f"\n      {json.dumps(name)}: …" for name in names)
        ways.append(
            "Give each another client key, in the Secret if you make that one, and otherwise in the stack's file:\n"
            f"  feature-flags:sdkKeys:\n    clientKeys:{lines}"
        )
    if EnvironmentAPIKey.objects.filter(key__in=servers).exists():
        ways.append(f"Server-side keys still belong to deleted environments. {RENEW}")
    if ways:
        gone = f"{', '.join(names)}: deleted with their project" if names else "The project was deleted"
        raise RefusedError(f"{gone}, and no other environment can have a key of a deleted one. " + "\n".join(ways))


def environment_of(item: dict[str, Any], wanted: dict[str, Any]) -> Any:
    """The environment that has the client key, whatever it is called by now. Raises RefusedError when none has it."""
    from environments.models import Environment

    name = item["environment"]
    # Those of a project that was deleted are deleted by the task processor, which may be some time later.
    there_is = Environment.objects.filter(project__deleted_at__isnull=True)
    found = there_is.filter(api_key=item["client"]).first()
    if found is not None:
        if found.name != name:
            print(f"environment {name}: is called {found.name} now")
        return found
    there = f"the Secret {item['secret']} is to hold the keys of the environment {name!r} of the project"
    ours = there_is.filter(name=name, project__name=wanted["project"]).order_by("id").first()
    if ours is None:
        raise RefusedError(
            f"{there} {wanted['project']!r}, and there is none: it was deleted, or is called otherwise. Name the "
            "environments of this Flagsmith in feature-flags:admin, or those that get keys in "
            "feature-flags:sdkKeys.environments ([] for none)."
        )
    raise RefusedError(
        f"{there} {wanted['project']!r}, and that has another client key. It is left as it is, for users are drawn for "
        "rollouts by it. It is public: write it into the Secret if you make that one, and otherwise into the stack's "
        f"file:\n  feature-flags:sdkKeys:\n    clientKeys:\n      {json.dumps(name)}: {ours.api_key}"
    )


def write_server_keys(environment: Any, item: dict[str, Any], overlap: timedelta) -> None:
    """Add the server-side keys that are not there; those that they take the place of come to their end."""
    from django.utils import timezone
    from environments.models import EnvironmentAPIKey

    name, now = item["environment"], timezone.now()
    for wanted in item["servers"]:
        known = EnvironmentAPIKey.objects.filter(key=wanted["key"]).first()
        if known is None:
            EnvironmentAPIKey.objects.create(environment=environment, key=wanted["key"], name=wanted["name"])
            print(f"environment {name}: the server-side key {wanted['name']!r} is added")
        elif known.environment_id != environment.id:
            owner = known.environment
            was_deleted = owner.deleted_at is not None or owner.project.deleted_at is not None
            raise RefusedError(
                f"The server-side key of {name!r} in the Secret {item['secret']} is that of {owner.name!r}"
                + (f", which was deleted. {RENEW}" if was_deleted else ": each environment has its own.")
            )
        elif known.expires_at is not None or not known.active:
            known.expires_at, known.active = None, True
            known.save(update_fields=["expires_at", "active"])
        for old in environment.api_keys.filter(name=wanted["name"]).exclude(key=wanted["key"]):
            until = min(old.expires_at or now + overlap, now + overlap)
            if until <= now:
                old.delete()
                print(f"environment {name}: an old key {old.name!r} is deleted")
            elif until != old.expires_at:
                old.expires_at = until
                old.save(update_fields=["expires_at"])
                print(f"environment {name}: an old key {old.name!r} is to be used until {until:%Y-%m-%d %H:%M} UTC")


def main() -> None:
    """Make what is missing, in one transaction."""
    django.setup()
    from users.models import FFAdminUser

    wanted = json.loads(os.environ["BOOTSTRAP"])
    keys = given(wanted)
    try:
        check(keys)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            account = administrator(FFAdminUser, os.environ["ADMIN_EMAIL"], os.environ["ADMIN_PASSWORD"])
            first_of_all(wanted, account, keys)
            for item in keys:
                write_server_keys(environment_of(item, wanted), item, timedelta(hours=wanted["overlapHours"]))
    except RefusedError as refused:
        sys.exit(f"Nothing is changed: {refused}")


if __name__ == "__main__":
    main()
