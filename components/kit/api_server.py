"""Questions to the cluster's API from inside a run of the Pulumi CLI; the direct engine asks by itself."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

SECONDS: Final = 30
"""How long the cluster may take to answer one question."""

DENIED: Final[Mapping[str, Any]] = {}
"""Stands for what is there or not: who asks may not know."""

Fetch = Callable[[str], Mapping[str, Any] | None]
"""Gets a path of the cluster's API: the JSON, None where there is none (404); any other answer is an exception.

One that is made for it answers DENIED where it is refused (403).
"""


def fetching(context: str, failed: Callable[[object], Exception], *, takes_denied: bool = False) -> Fetch:
    """What gets paths of the API of the kubeconfig's `context`, from several threads if need be.

    `failed` makes the exception of the reason why the cluster cannot be asked: there is no such context, it does not
    answer, or it refuses to. With `takes_denied`, what is forbidden is DENIED in place of an exception.
    """
    # Here, since only a run of the Pulumi CLI needs it.
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.config import ConfigException, load_kube_config
    from urllib3.exceptions import HTTPError

    configuration = Configuration()
    try:
        load_kube_config(context=context, client_configuration=configuration)
    except ConfigException as error:
        raise failed(error) from None
    # One question is enough to know: retries would only make a wrong address slow.
    configuration.retries = False
    client = ApiClient(configuration)

    def fetch(path: str) -> Mapping[str, Any] | None:
        headers = {"Accept": "application/json", **client.default_headers}
        client.update_params_for_auth(headers, [], ["BearerToken"], path, "GET", None)
        try:
            answer = client.rest_client.pool_manager.request(
                "GET", f"{configuration.host}{path}", headers=headers, timeout=SECONDS
            )
        except (HTTPError, OSError) as error:
            raise failed(f"it does not answer ({type(error).__name__})") from None
        if answer.status == 404:
            return None
        if answer.status == 403 and takes_denied:
            return DENIED
        if answer.status >= 400:
            raise failed(f"it answers {answer.status}")
        return dict(json.loads(answer.data))

    return fetch
