"""Arithmetic on Kubernetes quantities. CPU is counted in thousandths of a core, memory and storage in bytes."""

import re
from fractions import Fraction
from functools import lru_cache

KI = 1024
MI = 1024**2
GI = 1024**3

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
_FORM = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?P<suffix>m|[kMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?")
LONGEST = 40
"""Characters of a quantity; Kubernetes' largest one has 19 digits."""
LARGEST = 2**63 - 1
"""Kubernetes counts in 64 bits, and silently makes this of what is larger (resource.ParseQuantity)."""


def _split(quantity: str) -> tuple[Fraction, str]:
    match = _FORM.fullmatch(quantity) if len(quantity) <= LONGEST else None
    if match is None:
        raise ValueError(f"not a Kubernetes quantity: {quantity!r}")
    return Fraction(match["number"]), match["suffix"] or ""


# A stack asks for some 80 amounts of a dozen quantities, and each check again.
@lru_cache(maxsize=1024)
def _amount(quantity: str) -> Fraction:
    number, suffix = _split(quantity)
    if suffix == "m":
        return number / 1000
    if suffix[:1] in ("e", "E") and len(suffix) > 1 and suffix != "Ei":
        return number * Fraction(10) ** int(suffix[1:])
    return number * (_BINARY.get(suffix) or _DECIMAL[suffix])


def _ceil(amount: Fraction) -> int:
    return -(-amount.numerator // amount.denominator)


def parse_cpu(quantity: str) -> int:
    """Return thousandths of a core, rounded up as Kubernetes does ("0.5" is 500). ValueError if it is no quantity."""
    return _ceil(_amount(quantity) * 1000)


def parse_memory(quantity: str) -> int:
    """Return bytes, rounded up ("1Gi" is 1073741824). ValueError if it is no quantity."""
    return _ceil(_amount(quantity))


def format_cpu(millicores: int) -> str:
    """Write thousandths of a core as the API server stores them: whole cores without a suffix, else `m`."""
    return str(millicores // 1000) if millicores % 1000 == 0 else f"{millicores}m"


def format_memory(amount: int) -> str:
    """Write bytes with the largest binary suffix that leaves a whole number, as the API server stores them."""
    for suffix, factor in reversed(_BINARY.items()):
        if amount and amount % factor == 0:
            return f"{amount // factor}{suffix}"
    return str(amount)


def canonical_cpu(quantity: str) -> str:
    """Write a CPU quantity as the API server stores it, so that a second deployment sees no difference."""
    return format_cpu(parse_cpu(quantity))


def canonical_memory(quantity: str) -> str:
    """Write a memory or storage quantity as the API server stores it; decimal suffixes stay decimal."""
    suffix = _split(quantity)[1]
    amount = parse_memory(quantity)
    if suffix.endswith("i"):
        return format_memory(amount)
    for decimal, factor in reversed(_DECIMAL.items()):
        if amount and amount % factor == 0:
            return f"{amount // factor}{decimal}"
    return str(amount)
