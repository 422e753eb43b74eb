"""A Flagsmith in memory: the parts of its API that `ff` and the SDKs use, as recorded in `tests/contracts/`."""

from tests.doubles.flagsmith.server import Flagsmith, serve

__all__ = ["Flagsmith", "serve"]
