"""What Flagsmith's SDKs ask, answered as Flagsmith 2.265.0 does; `tests/contracts` holds both beside each other."""
