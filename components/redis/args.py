"""The arguments of Redis."""

import pulumi

from components.kit.args import placement, redis_exporter
from components.kit.scraping import Scraping
from components.kit.secret_refs import SecretReference
from components.redis.server import RedisArgs
from components.settings import Settings


def redis_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: SecretReference, scraping: Scraping
) -> RedisArgs:
    """The embedded Redis."""
    return RedisArgs(
        namespace=namespace,
        image=settings.redis_image,
        version=settings.redis.version,
        max_memory=settings.redis_max_memory,
        eviction_policy=settings.redis.eviction_policy,
        resources=settings.redis_resources,
        credentials=credentials,
        exporter=redis_exporter(settings, scraping),
        placement=placement(settings),
    )
