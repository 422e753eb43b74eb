"""What another client key means for clients, before it is made, and what is still to be done after that."""

from collections.abc import Iterator

from flagops.stacks.deployed import Instance


def before(instance: Instance, environment: str) -> Iterator[str]:
    """What is said before the key is changed."""
    yield (
        f"Every client that uses the present client key of {environment} is refused (403) within {caches(instance)}, "
        "until it has the new one: there is no overlap. Server-side keys stay, but requests with them for the "
        "environment's document may get 500 during that time. The users of percentage rollouts and of experiments are "
        "drawn again, because Flagsmith computes who is in them from this key: running experiments lose their meaning."
    )
    if instance.settings.edge.enabled:
        yield (
            "The edge, which answers /api/v1/flags/ and /api/v1/identities/ of the public name, knows the present key "
            "alone: it goes on answering clients that use it, and answers 401 to those with the new one, until its own "
            "Secret has that and its proxies are replaced."
        )
    if instance.settings.sdk_keys.exported:
        yield (
            "So do the edges elsewhere that take keys from this stack's output edgeKeys, until they are deployed again."
        )


def after(instance: Instance, environment: str) -> Iterator[str]:
    """What the stack's own Secrets, and the edge, do not know yet."""
    settings, stack = instance.settings, instance.stack.name
    deploys = f"`ff keys adopt --stack {stack}`, then `ff up --stack {stack}`"
    named, is_set_up = settings.foreign_sdk_secret(environment), environment in settings.admin.environments
    if named is not None:
        yield f"The Secret {named.name}, which you make, has the old one: put the new one there."
    elif is_set_up:
        yield f"The stack's own Secret has the old one until you run {deploys}."
    if settings.sdk_keys.exported and is_set_up:
        yield (
            f"Edges elsewhere that take keys from the output edgeKeys have the old one, and answer 401 to the new one, "
            f"until you run {deploys}, and then `ff up` with the stack of each."
        )
    if not settings.edge.enabled:
        return
    if settings.edge.existing_secret is not None:
        yield (
            f"The edge has the old one: put the new one into the Secret {settings.edge.existing_secret.name}, then run "
            f"`ff restart --stack {stack} --component edge`."
        )
    elif is_set_up:
        yield f"The edge has the old one too, until you run {deploys}, which replaces its proxies one by one."


def caches(instance: Instance) -> str:
    """How long Flagsmith remembers a key."""
    return f"{instance.settings.caches.environment} s"
