"""The arguments of the environments' keys: which environments they are of."""

from collections.abc import Callable, Collection, Mapping

import pulumi

from components.secrets.sdk_keys import SdkKeysArgs, claimed, unclaimed_warning
from components.settings import Settings


def sdk_keys_args(
    settings: Settings,
    namespace: pulumi.Input[str],
    deployed: Callable[[], Collection[str] | None],
    further: Mapping[str, str],
) -> SdkKeysArgs:
    """The keys; `deployed` gives the names of the Secrets of the last deployment, None where there was none.

    `further` are further server-side keys of each environment: the Secret that holds them, by what they are for.
    """
    environments = claimed(settings, deployed)
    left_out = [name for name in settings.admin.environments if name not in environments]
    if left_out and settings.sdk_keys.environments is None:
        pulumi.log.warn(unclaimed_warning(left_out, pulumi.get_stack()))
    return SdkKeysArgs(settings=settings, namespace=namespace, environments=environments, further=further)
