"""How much of Flagsmith's data each of the two databases has: looked at before one of them is deleted."""

import json
from contextlib import suppress
from typing import Final

from components.kit import names
from flagops.commands.db.major import asked
from flagops.commands.db.move import importing
from flagops.commands.db.psql import EMBEDDED
from flagops.errors import AnswerError, FailedError, NotFoundError, OpsError, RefusedError
from flagops.kubernetes.objects import Manifest
from flagops.pods.exec import run
from flagops.pods.pods import PodComponent, is_ready, own_selector
from flagops.stacks.deployed import Instance

SECONDS: Final = 120.0
# What people made, by their names at Flagsmith 2.265.0.
TABLES: Final = {
    "environments": "environments_environment",
    "flags": "features_feature",
    "users": "users_ffadminuser",
    "identities": "environments_identity",
}
# Of that, what no deployment makes by itself: a new database has its first user and environments at once.
GROWN: Final = ("flags", "identities")
Held = dict[str, int]


def _exactly() -> str:
    counts = ", ".join(f"'{what}', (SELECT count(*) FROM {table})" for what, table in TABLES.items())  # noqa: S608 ours
    return f"SELECT json_build_object({counts}, 'closed', current_setting('transaction_read_only') = 'on')"


def _estimate() -> str:
    """What the statistics say: who asks is a superuser there, and runs nothing that the application has made."""
    named = " ".join(f"WHEN '{table}' THEN '{what}'" for what, table in TABLES.items())
    return (
        f"SELECT json_object_agg(what, rows) FROM (SELECT CASE relname {named} END AS what, "  # noqa: S608 likewise
        "reltuples::bigint AS rows FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        # Of a table that was never looked at it is -1: nothing is known then.
        "WHERE nspname = 'public' AND relkind = 'r' AND reltuples >= 0) found WHERE what IS NOT NULL"
    )


def live(instance: Instance) -> Held:
    """Rows of the live database by what they are; `closed` is 1 where it takes nothing new.

    Raises OpsError where it cannot be asked, or has no such tables.
    """
    said = (
        _in(instance, _embedded_pod(instance), [*EMBEDDED, "-XAtqc", _exactly()])
        if instance.settings.postgres.embedded
        else asked(instance, _exactly(), SECONDS)
    )
    return _read(said)


def kept(instance: Instance) -> Held:
    """Those of the old database. Raises OpsError where it cannot be asked."""
    if not instance.settings.postgres.embedded:
        return _read(_in(instance, _embedded_pod(instance), [*EMBEDDED, "-XAtqc", _exactly()]))
    cluster = instance.client.get(importing.cluster(instance)) or {}
    pod = instance.get("v1", "Pod", str(cluster.get("status", {}).get("currentPrimary")))
    if pod is None:
        raise NotFoundError(f"{importing.cluster(instance)} has no primary.")
    command = ["psql", "--username=postgres", "--dbname=flagsmith", "-XAtqc", _estimate()]
    return _read(_in(instance, pod, ["env", "PGOPTIONS=-c search_path=pg_catalog", *command], container="postgres"))


def require_data(instance: Instance) -> Held:
    """The rows of the live database. Raises RefusedError where it does not hold what the one of before holds."""
    mode, hint = instance.settings.postgres.mode, f"`ff doctor --stack {instance.stack.name}` says why."
    try:
        here = live(instance)
    except OpsError as error:
        raise RefusedError(
            f"Nobody can say whether the live database ({mode}) has Flagsmith's data, so the old one may be "
            f"all that is left. Nothing was deleted. {error.message}",
            hint=hint,
        ) from None
    if here.pop("closed", 0):
        raise RefusedError(
            f"The live database ({mode}) takes nothing new: it may be the one that was given up. Nothing was deleted.",
            hint=hint,
        )
    before: Held = {}
    # It may be gone already, or stopped: what counts is what the live one has.
    with suppress(OpsError):
        before = kept(instance)
    is_known = all(what in before for what in GROWN)
    has_nothing = not any(here.get(what) for what in (TABLES if is_known else GROWN))
    missing = [what for what in TABLES if not here.get(what) and before.get(what)]
    if missing or has_nothing:
        raise RefusedError(
            f"The live database ({mode}) has {said(here)}; the old one has {said(before) or 'not been asked'}. "
            "Nothing was deleted.",
            hint="Should Flagsmith go on with this database? If so, delete what is in the old one by "
            "hand, then run this again."
            if before
            else hint,
        )
    return here


def said(found: Held) -> str:
    """The numbers, for people."""
    return ", ".join(f"{found[what]} {what}" for what in TABLES if what in found)


def _embedded_pod(instance: Instance) -> Manifest:
    found = instance.items("v1", "Pod", labelSelector=own_selector(PodComponent.DATABASE))
    pod = next(filter(is_ready, found), None)
    if pod is None:
        raise NotFoundError(f"No pod of the embedded PostgreSQL ({names.POSTGRES}) is ready.")
    return pod


def _in(instance: Instance, pod: Manifest, command: list[str], container: str | None = None) -> str:
    done = run(instance, pod, command, container=container, seconds=SECONDS)
    if done.code:
        raise FailedError(f"The database cannot be asked: {instance.masker()(done.err.strip() or done.out.strip())}")
    return done.out.strip()


def _read(text: str) -> Held:
    try:
        return {str(what): int(rows) for what, rows in json.loads(text).items()}
    except (ValueError, AttributeError, TypeError):
        raise AnswerError(f"The rows were not counted: {text[:200]!r}.") from None
