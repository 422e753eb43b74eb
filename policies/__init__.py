"""The rules that every deployment of the platform keeps, as pure functions over manifests."""
