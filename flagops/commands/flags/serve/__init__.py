"""Flagsmith's SDK API from git, without a server: what the catalogue declares, as SDKs would get it."""
