"""The official SDK gets the same, evaluating on the server and here."""

from typing import TYPE_CHECKING, Any

from flagops import trust
from flagops.commands.smoke import evaluated
from flagops.commands.smoke.http import REQUEST_SECONDS
from flagops.commands.smoke.in_time import bounded
from flagops.commands.smoke.makes import Saying
from flagops.commands.smoke.model import CheckFailedError
from flagops.commands.smoke.responses import Flags, differences
from flagops.commands.smoke.visit import Visit
from flagops.commands.smoke.wanted import ExpectedAnswers, User

if TYPE_CHECKING:
    # Flagsmith's SDK takes a third of a second to import.
    from flagsmith import Flagsmith

NEVER = 3600.0  # seconds between two looks of the SDK: it looks once, when it is made


def agree(visit: Visit, wanted: ExpectedAnswers, saying: Saying) -> None:
    """Raise CheckFailedError when the SDK says something else than it has to, or does not end."""
    with trust.by_requests():
        bounded("the SDK", lambda: _agree(visit, wanted, saying), visit.deadline.left)


def _agree(visit: Visit, wanted: ExpectedAnswers, saying: Saying) -> None:
    # Flagsmith's SDK takes a third of a second to import.
    from flagsmith.exceptions import FlagsmithAPIError, FlagsmithClientError

    document, keys = wanted.document(saying), visit.keys
    # A proxy of the edge knows no server-side key but its own; the document comes from the API.
    servers = (True,) if visit.place.has_edge else (False, True)
    try:
        for key, is_local in ((keys.client_side, False), *((keys.server_side, is_local) for is_local in servers)):
            sdk = _sdk(visit, key, is_local=is_local)
            for user in (wanted.passing[0], wanted.passing[-1]):
                said = _said(sdk, user, is_local=is_local)
                at_edge = visit.place.has_edge and not is_local
                right = evaluated.identity(evaluated.at_edge(document) if at_edge else document, *user)
                right = evaluated.for_clients(document, right) if key == keys.client_side else right
                for wrong in differences(right, said, wanted.names):
                    how = "in local evaluation" if is_local else "remotely"
                    raise CheckFailedError(f"the SDK, {how}: {wrong}")
    except (FlagsmithAPIError, FlagsmithClientError) as error:
        refused = trust.untrusted(error)
        if refused is not None:
            raise CheckFailedError(
                f"the SDK: the certificate is not trusted: {refused.verify_message}. {trust.how_requests_trusts()}"
            ) from None
        raise CheckFailedError(f"the SDK gets no flags: {error}") from None


def _sdk(visit: Visit, key: str, *, is_local: bool) -> "Flagsmith":
    # Flagsmith's SDK takes a third of a second to import.
    from flagsmith import Flagsmith

    return Flagsmith(
        environment_key=key,
        api_url=f"{visit.place.url}/api/v1/",
        request_timeout_seconds=int(REQUEST_SECONDS),
        enable_local_evaluation=is_local,
        environment_refresh_interval_seconds=NEVER,
    )


def _said(sdk: "Flagsmith", user: User, *, is_local: bool) -> Flags:
    identifier, traits = user
    given: dict[str, Any] = dict(traits)
    found = sdk.get_identity_flags(identifier, given, transient=not is_local)
    if is_local:
        sdk.environment_data_polling_manager_thread.stop()
    return {flag.feature_name: (flag.enabled, flag.value) for flag in found.all_flags()}
