"""The settings of a stack: read once, checked as a whole, frozen.

`load()` reads Pulumi's configuration and the lock file of images, `parse()` checks values from anywhere else; both
return `Settings` or raise one `SettingsError` that names every problem.
"""

from components.settings.checks import warnings
from components.settings.errors import PROJECT, SettingsError
from components.settings.load import load
from components.settings.lock import read_lock
from components.settings.model import Settings
from components.settings.parse import parse
from components.settings.references import CaReference, PasswordReference, SecretKeyReference
from components.settings.releases import Release
from components.settings.sections.autoscaling import Autoscaling
from components.settings.sections.caches import Caches
from components.settings.sections.ingress import Ingress
from components.settings.sections.login import GitHubLogin, Login
from components.settings.sections.postgres import Postgres
from components.settings.sections.redis import Redis
from components.settings.sections.smtp import Smtp
from components.settings.workload import Amount, Resources, Scheduling, Toleration

__all__ = [
    "PROJECT",
    "Amount",
    "Autoscaling",
    "CaReference",
    "Caches",
    "GitHubLogin",
    "Ingress",
    "Login",
    "PasswordReference",
    "Postgres",
    "Redis",
    "Release",
    "Resources",
    "Scheduling",
    "SecretKeyReference",
    "Settings",
    "SettingsError",
    "Smtp",
    "Toleration",
    "load",
    "parse",
    "read_lock",
    "warnings",
]
