"""Traits as they are typed on the command line."""

import argparse
import re

from footanalytics.features import Trait


def trait(text: str) -> tuple[str, Trait]:
    """The trait in KEY=VALUE, whose value may be a text, a number, true or false."""
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form KEY=VALUE")
    if value in ("true", "false"):
        return name, value == "true"
    if re.fullmatch(r"-?\d+", value):
        return name, int(value)
    return name, float(value) if re.fullmatch(r"-?\d+\.\d+", value) else value
