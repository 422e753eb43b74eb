"""The edge: proxies that answer SDKs from memory, also while Flagsmith is away."""
