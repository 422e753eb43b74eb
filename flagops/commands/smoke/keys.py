"""The keys that the checks need: those that are given, else asked for as an administrator and given back."""

from contextlib import suppress
from functools import cached_property
from typing import Any

from flagops.commands.smoke.in_time import InTime
from flagops.commands.smoke.model import CheckFailedError, CheckSkippedError, SmokeTarget
from flagops.errors import OpsError
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.throwaway import new_name

LONGEST_WAIT = 1.0  # seconds, between two attempts of one request
NO_ADMINISTRATOR = "needs an administrator: --stack, or an organisation's key in FLAGSMITH_API_KEY"


class SmokeKeys:
    """The environment and its keys, looked up when first asked for."""

    def __init__(self, place: SmokeTarget, transport: InTime) -> None:
        self._place, self._transport = place, transport
        self._client: FlagsmithClient | None = None
        self._refusal: OpsError | None = None
        self._server_side = place.server_key
        self._made: int | None = None

    @property
    def client_side(self) -> str:
        """The environment's client-side key."""
        return self._place.environment_key or str(self.environment["api_key"])

    @property
    def server_side(self) -> str:
        """A server-side key of the environment. Skips the check when there is none."""
        if self._server_side is None:
            if self._place.authenticate is None:
                raise CheckSkippedError("needs a server-side key: FLAGSMITH_SERVER_KEY, or an administrator")
            found = self.admin.post(f"/api/v1/environments/{self.client_side}/api-keys/", {"name": new_name()})
            self._made, self._server_side = found["id"], str(found["key"])
        return self._server_side

    @property
    def admin(self) -> FlagsmithClient:
        """A client with an administrator's rights. Skips the check when there is none."""
        if self._place.authenticate is None:
            raise CheckSkippedError(NO_ADMINISTRATOR)
        if self._refusal is not None:
            raise self._refusal
        if self._client is None:
            client = FlagsmithClient(self._place.url, transport=self._transport, longest_wait=LONGEST_WAIT)
            try:
                self._place.authenticate(client)
            except OpsError as error:
                self._refusal = error
                raise
            self._client = client
        return self._client

    def whoami(self) -> str:
        """What the administrator sees: the projects."""
        names = [item["name"] for item in self.projects]
        if not names:
            raise CheckFailedError("the administrator gets in, and sees no project")
        return f"projects: {', '.join(names)}"

    @property
    def made(self) -> int | None:
        """The number of the server-side key that was made for the checks."""
        return self._made

    @cached_property
    def projects(self) -> list[dict[str, Any]]:
        """The projects that the administrator sees."""
        return list(self.admin.pages("/api/v1/projects/"))

    @property
    def project(self) -> int:
        """The platform's project."""
        return int(self.project_row["id"])

    @cached_property
    def project_row(self) -> dict[str, Any]:
        """The platform's project, in the API's words."""
        found = self.projects
        wanted = self._place.project
        chosen = [item for item in found if wanted is None or item["name"] == wanted]
        if len(chosen) != 1:
            names = ", ".join(item["name"] for item in found) or "none"
            raise CheckFailedError(f"which project? Wanted: {wanted or 'the only one'}; there are: {names}")
        return dict(chosen[0])

    @cached_property
    def environment(self) -> dict[str, Any]:
        """The environment that is tested: the one named, the one with the key, or the first."""
        found = list(self.admin.pages("/api/v1/environments/", {"project": self.project}))
        name, key = self._place.environment, self._place.environment_key
        for item in found:
            if (name is None or item["name"] == name) and (key is None or item["api_key"] == key):
                return dict(item)
        names = ", ".join(item["name"] for item in found) or "none"
        raise CheckFailedError(f"no environment {'has this key' if key else repr(name)}; there are: {names}")

    def give_back(self) -> None:
        """Delete the server-side key that was made for the checks; a later run removes it where this fails."""
        if self._client is None or self._made is None:
            return
        with suppress(OpsError, CheckFailedError):
            self._client.delete(f"/api/v1/environments/{self.client_side}/api-keys/{self._made}/")
            self._made = None
