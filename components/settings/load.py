"""Reading Pulumi's configuration and the lock file of images; nothing else in the program does.

Only the program imports this, since it imports Pulumi.
"""

import os
from pathlib import Path

import pulumi
from pulumi.runtime import config as runtime

from components.settings.errors import PROJECT, SettingsError
from components.settings.lock import read_lock
from components.settings.model import Settings
from components.settings.parse import parse
from components.settings.prefixes import misspelt


def load() -> Settings:
    """Read the settings of the stack that is being deployed.

    Raises:
        pulumi.RunError: naming every problem, unknown keys included. Pulumi shows its message without a stack trace.
    """
    try:
        return _settings()
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


def _settings() -> Settings:
    config = pulumi.Config(PROJECT)
    prefix = f"{PROJECT}:"
    _refuse_variables(runtime.get_config_env_key(prefix))
    configured = {*runtime.CONFIG.get(), *runtime.get_config_env()}
    foreign = list(misspelt(configured, pulumi.get_project()))
    if foreign:
        raise SettingsError(foreign)
    names = {key.removeprefix(prefix) for key in configured if key.startswith(prefix)}
    secret = {*runtime.get_config_secret_keys_env()} | {key for key in configured if runtime.is_config_secret(key)}
    refused = sorted(name for name in names if f"{prefix}{name}" in secret)
    if refused:
        raise SettingsError(
            [
                f"{prefix}{name}: is marked as secret, but settings are readable in the cluster and in the "
                "state: put the secret in a Kubernetes Secret and name that (existingSecret, "
                "envFromSecrets), or, if it is not a secret, write it in plain text with `pulumi config set "
                f"{prefix}{name} …`"
                for name in refused
            ]
        )
    values = {name: value for name in sorted(names) if (value := config.get(name)) is not None}
    # Pulumi runs a program in the directory of its project.
    return parse(values, read_lock(Path.cwd()))


def _refuse_variables(prefix: str) -> None:
    """The SDK would take a setting that the stack leaves out from a variable of whoever deploys."""
    found = sorted(name for name in os.environ if name.startswith(prefix))
    if found:
        raise SettingsError(
            [
                f"{name}: is set in the environment, where others who deploy this stack do not see it: unset it, and "
                "write the setting into the stack's file"
                for name in found
            ]
        )
