"""The keys of environments, as the bootstrap writes them: which can be written, and which come to their end."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

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


def given(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """The keys of each environment whose Secret is there, with the values out of their variables."""
    found: list[dict[str, Any]] = []
    for item in wanted["keys"]:
        client = os.environ.get(item["client"])
        servers = [{**key, "key": os.environ.get(key["variable"])} for key in item["servers"]]
        if client is None or any(key["key"] is None for key in servers):
            print(
                f"environment {item['environment']}: not all of its keys are in the Secret {item['secret']}, and none "
                "is written. When they are there: ff keys register"
            )
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
    """Raise RefusedError with all keys that no SDK could use, and those that would make a secret public."""
    owners: dict[str, str] = {}
    faults = []
    for key, name, called, is_server in told(found):
        if not KEY.fullmatch(key):
            faults.append(
                f"{called} is empty, is longer than 100 characters, or has a space, an end of a line or the like in it."
            )
        elif key.startswith(SERVER_PREFIX) != is_server:
            faults.append(
                f"{called} is none. FLAGSMITH_ENVIRONMENT_KEY is for the client key, which is public, and "
                f"FLAGSMITH_SERVER_KEY for a server-side key, which is secret and begins with {SERVER_PREFIX!r}."
            )
        elif key in owners:
            faults.append(f"{called} is one of {owners[key]!r} too: each is given once.")
        owners.setdefault(key, name)
    if faults:
        raise RefusedError("\n".join(faults))


def deleted(keys: Sequence[dict[str, Any]]) -> list[str]:
    """The environments whose client keys are those of deleted ones: the rows stay, and the keys are taken for good."""
    from environments.models import Environment

    known = Environment.objects.all_with_deleted().filter(api_key__in=[item["client"] for item in keys])
    taken = set(known.exclude(deleted_at=None, project__deleted_at=None).values_list("api_key", flat=True))
    return [item["environment"] for item in keys if item["client"] in taken]


def is_free(keys: list[dict[str, Any]]) -> bool:
    """Whether a project can be made with these keys; not if all its client keys are of one that people deleted.

    Raises RefusedError when some of the keys are: then others were meant to be given.
    """
    from environments.models import EnvironmentAPIKey

    names, ways = deleted(keys), []
    if names:
        lines = "".join(f"\n      {json.dumps(name)}: …" for name in names)
        ways.append(
            "Give each another client key, in the Secret if you make that one, and otherwise in the stack's file:\n"
            f"  feature-flags:sdkKeys:\n    clientKeys:{lines}"
        )
    if EnvironmentAPIKey.objects.filter(
        key__in=[server["key"] for item in keys for server in item["servers"]]
    ).exists():
        ways.append(f"Server-side keys still belong to deleted environments. {RENEW}")
    gone = f"{', '.join(names)}: deleted with their project" if names else "The project was deleted"
    reason = f"{gone}, and no other environment can have a key of a deleted one. " + "\n".join(ways)
    if ways and len(names) < len(keys):
        raise RefusedError(reason)
    if ways:
        print(f"project: none is made. {reason}")
    return not ways


def matched(keys: list[dict[str, Any]], wanted: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    """The environments that have the client keys, whatever they are called by now; without those that were deleted.

    Raises RefusedError with all that have another key, and all that there are not.
    """
    from environments.models import Environment

    # Those of a project that was deleted are deleted by the task processor, which may be some time later.
    there_is = Environment.objects.filter(project__deleted_at__isnull=True)
    gone, found, others, missing = deleted(keys), [], {}, []
    for item in keys:
        name = item["environment"]
        environment = there_is.filter(api_key=item["client"]).first()
        ours = there_is.filter(name=name, project__name=wanted["project"]).order_by("id").first()
        if environment is not None:
            found.append((environment, item))
            if environment.name != name:
                print(f"environment {name}: is called {environment.name} now")
        elif ours is not None:
            others[name] = ours.api_key
        elif name in gone:
            print(
                f"environment {name}: was deleted in Flagsmith, and is left out. Take it out of "
                "feature-flags:admin.environments: no new proxy of an edge is ready while it has the key"
            )
        else:
            missing.append(name)
    refuse(others, missing, wanted["project"])
    return found


def refuse(others: dict[str, str], missing: list[str], project: str) -> None:
    """Raise RefusedError for environments with another client key, which is told, and for those that are not there."""
    reasons = []
    if others:
        lines = "".join(f"\n      {json.dumps(name)}: {key}" for name, key in others.items())
        reasons.append(
            f"the Secrets are to hold the keys of {', '.join(others)} of the project {project!r}, which have other "
            "client keys than these. They are left as they are, for users are drawn for rollouts by them. They are "
            "public: write them into the Secrets that you make, and otherwise into the stack's file:\n"
            f"  feature-flags:sdkKeys:\n    clientKeys:{lines}"
        )
    if missing:
        reasons.append(
            f"the Secrets are to hold the keys of {', '.join(missing)} of the project {project!r}, and there are none: "
            "they are called otherwise, or are of another database. Name the environments of this Flagsmith in "
            "feature-flags:admin, or those that get keys in feature-flags:sdkKeys.environments ([] for none)."
        )
    if reasons:
        raise RefusedError("\n".join(reasons))


def refuse_others_keys(found: list[tuple[Any, dict[str, Any]]]) -> None:
    """Raise RefusedError with all server-side keys that other environments have."""
    from environments.models import EnvironmentAPIKey

    reasons = []
    for environment, item in found:
        for known in EnvironmentAPIKey.objects.filter(key__in=[server["key"] for server in item["servers"]]):
            owner = known.environment
            if owner.id == environment.id:
                continue
            was_deleted = owner.deleted_at is not None or owner.project.deleted_at is not None
            reasons.append(
                f"The server-side key of {item['environment']!r} in the Secret {item['secret']} is that of "
                + (
                    f"{owner.name!r}, which was deleted. {RENEW}"
                    if was_deleted
                    else f"{owner.name!r}: each has its own."
                )
            )
    if reasons:
        raise RefusedError("\n".join(reasons))


def write_server_keys(environment: Any, item: dict[str, Any], stack_names: str | None, overlap: timedelta) -> None:
    """Add the server-side keys that are not there; those that they take the place of come to their end."""
    from environments.models import EnvironmentAPIKey

    for wanted in item["servers"]:
        known = environment.api_keys.filter(key=wanted["key"]).first()
        if known is None:
            EnvironmentAPIKey.objects.create(environment=environment, key=wanted["key"], name=wanted["name"])
            print(f"environment {item['environment']}: the server-side key {wanted['name']!r} is added")
            continue
        if known.expires_at is not None or not known.active:
            known.expires_at, known.active = None, True
            known.save(update_fields=["expires_at", "active"])
        if known.name != wanted["name"] and stack_names is not None and known.name.startswith(stack_names):
            print(f"environment {item['environment']}: the server-side key {known.name!r} is {wanted['name']!r} now")
            known.name = wanted["name"]
            known.save(update_fields=["name"])
    # Once all have their names: a key that was moved to another Secret is none that another took the place of.
    keys = [wanted["key"] for wanted in item["servers"]]
    for old in environment.api_keys.filter(name__in=[wanted["name"] for wanted in item["servers"]]):
        if old.key not in keys:
            end(old, overlap)


def end_unneeded(found: list[tuple[Any, dict[str, Any]]], wanted: dict[str, Any], overlap: timedelta) -> None:
    """Bring the stack's own keys to their end that it has no Secret for any more; never keys of other names.

    Those of a stack of this name in another namespace are told: it was moved, or is another one.
    """
    from environments.models import EnvironmentAPIKey

    needed = {(environment.id, key["name"]) for environment, item in found for key in item["servers"]}
    there = {item["environment"] for _, item in found}
    # Of which environment these are is not known while their Secrets are not there.
    open_ = {key["name"] for item in wanted["keys"] if item["environment"] not in there for key in item["servers"]}
    own, of_stack = wanted["ownNames"], wanted["stackNames"]
    if own is None or of_stack is None:
        return
    for old in EnvironmentAPIKey.objects.filter(name__startswith=of_stack):
        if not old.name.startswith(own):
            print(
                f"environment {old.environment.name}: {old.name!r} is a key of a stack of this name in another "
                "namespace, and works. If that stack is no more, delete the key in Flagsmith"
            )
        elif (old.environment_id, old.name) not in needed and old.name not in open_:
            end(old, overlap)


def end(old: Any, overlap: timedelta) -> None:
    """Note until when a key is to be used, or delete it when that is over: Flagsmith accepts it until it is deleted."""
    from django.utils import timezone

    name, now = old.environment.name, timezone.now()
    until = min(old.expires_at or now + overlap, now + overlap)
    if until <= now:
        old.delete()
        print(f"environment {name}: an old key {old.name!r} is deleted")
    elif until != old.expires_at:
        old.expires_at = until
        old.save(update_fields=["expires_at"])
        print(f"environment {name}: an old key {old.name!r} is to be used until {until:%Y-%m-%d %H:%M} UTC")
