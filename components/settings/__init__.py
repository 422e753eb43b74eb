"""The settings of a stack: read once, checked as a whole, frozen.

`parse()` checks values and returns `Settings`, or raises one `SettingsError` that names every problem. The program
reads them with `load()` of `components/settings/load.py`, which is not imported here: it needs Pulumi, and most
commands of `ff` need only the settings. What a section of them holds is in `components/settings/sections/`, in the file
of its key.
"""

from components.settings.checks import warnings
from components.settings.errors import PROJECT, SettingsError
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
    "parse",
    "read_lock",
    "warnings",
]
