"""What an upgrade would do: the migrations of the new release, and the manifests that change."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from components.kit import names
from components.text.versions import parse_version
from flagops.commands.deploy.compare.manifests import ObjectDifference, differences, of_stack
from flagops.errors import BadInputError, RefusedError
from flagops.pods import migration
from flagops.pods.bootstrap import check_keys
from flagops.project import root
from flagops.stacks.deployed import Instance
from flagops.stacks.files import Stack

MIGRATION = re.compile(r"^[a-z_0-9]+\.\d{4}_\w+$")
NOTHING = "No planned migration operations."
PLAN = ("python", "manage.py", "migrate", "--plan")


@dataclass(frozen=True)
class UpgradePlan:
    """An upgrade, before it is made.

    Attributes:
        before: The release that is deployed.
        after: The wanted release.
        migrations: What it migrates, in order; None when the release did not say.
        differences: The objects that change.
        warning: What is worth knowing of the release; None for nothing.
        keys: What its bootstrap would say of the environments whose keys the stack has.
        refusal: Why its bootstrap would end, after the migration; None where it would not.
    """

    before: str
    after: str
    migrations: list[str] | None
    differences: list[ObjectDifference]
    warning: str | None
    keys: list[str]
    refusal: str | None


def check(instance: Instance, version: str) -> None:
    """Raise OpsError when the stack cannot be upgraded to `version`."""
    # The settings' model takes a second to import.
    from components.settings import releases

    try:
        wanted = parse_version(version)
    except ValueError as error:
        raise BadInputError(f"{version!r} {error}.") from None
    current = instance.settings.version
    if wanted == parse_version(current):
        raise BadInputError(
            f"The settings of {instance.stack.name} say {version} already.", hint="`ff up` deploys what they say."
        )
    if wanted < parse_version(current):
        raise BadInputError(
            f"{version} is older than {current}: its program does not know the database's newer migrations.",
            hint="`ff upgrade --back` undoes the last upgrade: migrations first, then the image.",
        )
    reason = releases.refusal(version, instance.settings.redis.mode)
    if reason is not None:
        raise BadInputError(f"{version} {reason}.")


def plan(instance: Instance, version: str, on_step: Callable[[str], None]) -> UpgradePlan:
    """Find out what the upgrade would do. Starts Jobs of migration and bootstrap, which only read."""
    # The settings' model takes a second to import.
    from components.settings import releases

    check(instance, version)
    upgraded = with_version(instance.stack, version)
    on_step(f"Asking {upgraded.settings.image_reference} what it would migrate…")
    text = migration.output(instance, names.UPGRADE_PLAN, command=PLAN, image=upgraded.settings.image_reference)
    on_step("Asking Flagsmith whether it has the environments whose keys the stack has…")
    keys, refusal = check_keys(instance)
    return UpgradePlan(
        instance.settings.version,
        version,
        planned(text),
        differences(of_stack(root(), instance.stack), of_stack(root(), upgraded)),
        releases.warning(version),
        keys,
        refusal,
    )


def require_keys(found: UpgradePlan, stack: str) -> None:
    """Raise RefusedError if the deployment would end after its migration, at the bootstrap."""
    if found.refusal is not None:
        raise RefusedError(
            f"Nothing is changed, since the deployment of {found.after} would end after its migration: {found.refusal}",
            hint=f"`ff keys adopt --stack {stack}` writes client keys into the stack's file, and "
            f"`ff up --stack {stack}` deploys them; then run it again.",
        )


def planned(text: str) -> list[str] | None:
    """The migrations in what `migrate --plan` printed; None when it is not what Django prints, such as an empty log."""
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if MIGRATION.match(line)]
    return found if found or NOTHING in lines else None


def with_version(stack: Stack, version: str) -> Stack:
    """The stack with another release of Flagsmith."""
    return replace(stack, config={**stack.config, f"{stack.project}:version": version})
