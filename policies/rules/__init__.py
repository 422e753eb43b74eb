"""All rules of the platform, in the order in which they are listed."""

from policies.model import Rule
from policies.rules import availability, gateway, images, ingress, network, protection, resources, restricted, secrets

RULES: tuple[Rule, ...] = (
    *images.RULES,
    *resources.RULES,
    *restricted.RULES,
    *availability.RULES,
    *protection.RULES,
    *secrets.RULES,
    *ingress.RULES,
    *gateway.RULES,
    *network.RULES,
)
