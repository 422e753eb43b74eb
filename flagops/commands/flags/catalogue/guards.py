"""What a rollout is watched by: guards, which are defined once and named by rollouts."""

from typing import Annotated

from pydantic import Field

from components.rollouts.in_pod.declared import Broken, Measure
from flagops.commands.flags.catalogue.base import CatalogueModel, member_of

GuardName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
SomeBroken = Annotated[Broken, member_of(Broken)]


class GuardSamples(CatalogueModel):
    """How many samples a guard needs to say anything."""

    query: str = Field(default="", description="PromQL for their number now; of two arms it is their `total`.")
    least: Annotated[float, Field(gt=0)] = Field(description="The least number; of two arms in each.")


class GuardArms(CatalogueModel):
    """The two arms of a rollout, where the application labels its metrics by what a user has."""

    measure: Annotated[Measure, member_of(Measure)] = Field(
        default=Measure.DIFFERENCE, description="difference: of the arms' rates. ratio: the new one's over the old's."
    )
    events: str = Field(
        description="PromQL for the number of events, such as errors, by arm; $window is the time that counts."
    )
    total: str = Field(description="PromQL for the number of samples of which they are, by arm.")
    label: str = Field(description="The label that tells the arms apart.")
    new: str = Field(default="on", description="Its value for who has what is rolled out.")
    old: str = Field(default="off", description="Its value for the others.")
    alpha: Annotated[float, Field(gt=0, le=0.5)] = Field(
        default=0.01,
        description="The chance that a step that keeps the bound is called broken, however often it is asked.",
    )


class CatalogueGuard(CatalogueModel):
    """What must hold while a share grows: a query with a bound, or two arms compared."""

    description: str = Field(default="", description="What it watches, for people.")
    query: str = Field(default="", description="PromQL that gives one number; $window is how long the share is live.")
    compare: GuardArms | None = Field(default=None, description="Two arms, in place of a query.")
    at_most: float | None = Field(default=None, description="The bound from above.")
    at_least: float | None = Field(default=None, description="The bound from below.")
    lasts: str = Field(
        default="0", alias="for", description="How long it must be out of bounds to be broken, such as 5m."
    )
    warm_up: str = Field(default="0", description="How long after each step it is not looked at, such as 10m.")
    samples: GuardSamples | None = Field(default=None, description="How many samples it needs.")
    broken: SomeBroken = Field(
        default=Broken.BACK,
        description="What happens when it is broken. hold: nothing rises. back: the step before. off: nobody has it. A "
        "person resumes.",
    )
    warn_after: str = Field(default="30m", description="After how long without data somebody is told.")


_REQUESTS = "flagsmith_http_server_requests_total"
_FAILED = f'{_REQUESTS}{{response_status=~"5.."}}'
_ANSWERED = f'{_REQUESTS}{{response_status=~"[1-4].."}}'
"""Says that there are none of the others only where their label is there."""
_DURATION = "flagsmith_http_server_request_duration_seconds_bucket"
_ROUTES = "/api/v1/(flags|identities)/"
_EVALUATED = "flagsmith_feature_evaluations_total"

SHIPPED = {
    name: CatalogueGuard.model_validate(said)
    for name, said in {
        "platform-errors": {
            "description": "Flagsmith itself answers with errors of its own (5xx).",
            "query": f"(sum(rate({_FAILED}[5m])) or 0 * sum(rate({_ANSWERED}[5m]))) / sum(rate({_REQUESTS}[5m]))",
            "at_most": 0.01,
            "for": "5m",
            "broken": "hold",
        },
        "platform-latency": {
            "description": "Flagsmith takes more than a second for one of a hundred requests for flags.",
            "query": f'histogram_quantile(0.99, sum by (le) (rate({_DURATION}{{route=~"{_ROUTES}"}}[5m])))',
            "at_most": 1.0,
            "for": "5m",
            "broken": "hold",
        },
        "flag-evaluated": {
            "description": "Applications report that they ask for this flag (needs monitoring.flagMetrics).",
            "query": f'sum(increase({_EVALUATED}{{feature="$flag",environment="$environment"}}[1h]))',
            "at_least": 1.0,
            "warm_up": "1h",
            "broken": "hold",
            "warn_after": "2h",
        },
    }.items()
}
"""Guards for the platform's own metrics, which a rollout may name without a definition. A catalogue's own guard of the
same name counts in place of one."""
