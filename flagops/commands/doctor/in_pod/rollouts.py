"""Asks from the pod that runs rollouts, by its own program, what it asks itself: Flagsmith, Prometheus; and how it is.

Prints one JSON document.
"""

import json
import os
import time
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from typing import Any

from ff_rollouts.plain_api import PlainApi, TokenRefusedError, UnansweredError
from ff_rollouts.prometheus import AwayError, Prometheus, QueryError
from ff_rollouts.runner import read_secret
from prometheus_client.parser import text_string_to_metric_families

SECONDS = 10


def flagsmith() -> dict[str, Any]:
    """The projects that its account sees, or why it sees none."""
    api = PlainApi(os.environ["FLAGSMITH_URL"], lambda: read_secret(os.environ["TOKEN_FILE"]), lambda: None)
    try:
        return {"projects": [str(row["name"]) for row in api.pages("/api/v1/projects/")]}
    except TokenRefusedError as error:
        return {"refused": str(error)}
    except (UnansweredError, OSError, KeyError, TypeError) as error:
        return {"away": str(error) or type(error).__name__}


def prometheus() -> dict[str, Any]:
    """Whether the Prometheus of the guards answers; without an address where none is named."""
    url, token = os.environ.get("PROMETHEUS_URL"), os.environ.get("PROMETHEUS_TOKEN_FILE")
    if url is None:
        return {"url": None}
    try:
        asked = Prometheus(
            url, token="" if token is None else read_secret(token), authority=os.environ.get("PROMETHEUS_CA_FILE")
        )
        asked.now("vector(1)", datetime.now(UTC))
    except QueryError:
        return {"url": url}  # it answers
    except (AwayError, OSError) as error:
        return {"url": url, "away": str(error) or type(error).__name__}
    return {"url": url}


def itself() -> dict[str, Any]:
    """What its metrics say: whether its last look went well, how long ago it was, and guards that nobody answers."""
    connection = HTTPConnection("localhost", int(os.environ["PORT"]), timeout=SECONDS)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    except (OSError, HTTPException) as error:
        return {"mute": str(error) or type(error).__name__}
    finally:
        connection.close()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    looked = [item.value for item in samples if item.name == "flagsmith_rollouts_last_look_timestamp_seconds"]
    return {
        "is_well": any(item.name == "flagsmith_rollouts_up" and item.value == 1 for item in samples),
        "seconds": time.time() - looked[0] if looked else None,
        "unanswered": sorted(
            f"{item.labels['feature']} in {item.labels['environment']}: {item.labels['guard']}"
            for item in samples
            if item.name == "flagsmith_rollout_guard" and item.labels["verdict"] == "away" and item.value == 1
        ),
    }


def main() -> None:
    """Ask, and print."""
    print(json.dumps({"flagsmith": flagsmith(), "prometheus": prometheus(), "itself": itself()}))


main()
