"""Which requests alerts and dashboards look at, as PromQL's matchers of the label `route`.

Flagsmith 2.265.0 names routes as its URL patterns, seen in a scrape of it.
"""

from typing import Final

SDK: Final = 'route=~"/api/v1/(flags|identities|environment-document)/"'
"""What applications ask for their flags."""

NO_PROBES: Final = 'route!~"/health/.*"'
"""All but the probes, which are most of the requests of an idle stack."""
