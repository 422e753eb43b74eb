"""The keys that the checks need: those that are given, else asked for as an administrator and given back."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ops.errors import OpsError
from ops.flagsmith.client import FlagsmithClient
from ops.smoke.model import CheckFailedError, CheckSkippedError, Place

KEY_NAME = "ff smoke (temporary)"


class Keys:
    """The environment and its keys, looked up when first asked for."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._client: FlagsmithClient | None = None
        self._environment: dict[str, Any] | None = None
        self._server_side = place.server_key
        self._made: int | None = None

    @property
    def client_side(self) -> str:
        """The environment's client-side key."""
        return self._place.environment_key or str(self.environment["api_key"])

    @property
    def server_side(self) -> str:
        """A server-side key of the environment."""
        if self._server_side is None:
            found = self.admin.post(f"/api/v1/environments/{self.client_side}/api-keys/", {"name": KEY_NAME})
            self._made, self._server_side = found["id"], str(found["key"])
        return self._server_side

    @property
    def admin(self) -> FlagsmithClient:
        """A client with an administrator's rights. Skips the check when there is none."""
        if self._place.authenticate is None:
            raise CheckSkippedError("needs an administrator: --stack, or an organisation's key in FLAGSMITH_API_KEY")
        if self._client is None:
            client = FlagsmithClient(self._place.url)
            try:
                self._place.authenticate(client)
            except OpsError:
                client.close()
                raise
            self._client = client
        return self._client

    def whoami(self) -> str:
        """What the administrator sees: the projects."""
        names = [item["name"] for item in self.admin.pages("/api/v1/projects/")]
        return f"projects: {', '.join(names) or 'none'}"

    @property
    def project(self) -> int:
        """The platform's project."""
        found = list(self.admin.pages("/api/v1/projects/"))
        wanted = self._place.project
        chosen = [item for item in found if wanted is None or item["name"] == wanted]
        if len(chosen) != 1:
            names = ", ".join(item["name"] for item in found) or "none"
            raise CheckFailedError(f"which project? Wanted: {wanted or 'the only one'}; there are: {names}")
        return int(chosen[0]["id"])

    @property
    def environment(self) -> dict[str, Any]:
        """The environment that is tested: the one named, the one with the key, or the first."""
        if self._environment is None:
            self._environment = self._find()
        return self._environment

    def _find(self) -> dict[str, Any]:
        found = list(self.admin.pages("/api/v1/environments/", {"project": self.project}))
        name, key = self._place.environment, self._place.environment_key
        for item in found:
            if (name is None or item["name"] == name) and (key is None or item["api_key"] == key):
                return dict(item)
        names = ", ".join(item["name"] for item in found) or "none"
        raise CheckFailedError(f"no environment {'has this key' if key else repr(name)}; there are: {names}")

    def close(self) -> None:
        """Delete the server-side key that was made for the checks."""
        if self._client is None:
            return
        if self._made is not None:
            with suppress(OpsError):
                self._client.delete(f"/api/v1/environments/{self.client_side}/api-keys/{self._made}/")
        self._client.close()


@contextmanager
def open_keys(place: Place) -> Iterator[Keys]:
    """The keys of a place, given back at the end."""
    keys = Keys(place)
    try:
        yield keys
    finally:
        keys.close()
