"""The settings of a stack: read once, checked as a whole, frozen.

`load()` reads Pulumi's configuration and the lock file of images, `parse()` checks values from anywhere else; both
return `Settings` or raise one `SettingsError` that names every problem. What a section of them holds is in
`components/settings/sections/`, in the file of its key.
"""

from components.settings.checks import warnings
from components.settings.errors import PROJECT, SettingsError
from components.settings.load import load
from components.settings.lock import read_lock
from components.settings.model import Settings
from components.settings.parse import parse
from components.settings.references import SecretKeyReference
from components.settings.resources import Amount, Resources

__all__ = [
    "PROJECT",
    "Amount",
    "Resources",
    "SecretKeyReference",
    "Settings",
    "SettingsError",
    "load",
    "parse",
    "read_lock",
    "warnings",
]
