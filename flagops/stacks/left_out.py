"""What of a stack's manifests is left out where no cluster is asked, since nothing says that the cluster serves it."""

from collections.abc import Sequence

from flagops.stacks.files import Stack


def left_out(stack: Stack, api_versions: Sequence[str] = ()) -> str | None:
    """The sentence for people; None when nothing is.

    Args:
        stack: the stack, whose own `apiVersions` count.
        api_versions: what the cluster serves by an option, which takes the place of those.
    """
    # Pulumi takes half a second to import.
    from components.kit.capabilities import Capabilities
    from components.monitoring.args import unserved

    settings = stack.settings
    stated = tuple(api_versions) or settings.api_versions
    found = list(unserved(settings, Capabilities(lambda: stated or ())))
    if not found:
        return None
    listed = "; ".join(f"{kind} of {version}, so {text}" for version, kind, text in found)
    versions = ", ".join(dict.fromkeys(version for version, _, _ in found))
    why = (
        "nothing says that the cluster serves it"
        if stated is None
        else f"{'--api-versions' if api_versions else f'apiVersions in {stack.path.name}'} does not list it"
    )
    return (
        f"Left out, since {why}: {listed}. If the cluster does, write `{stack.project}:apiVersions: [{versions}]` into "
        f"{stack.path.name}, or give --api-versions {versions} where a command takes it."
    )
