"""The arguments of Redis."""

import pulumi

from components.kit.args import redis_exporter
from components.kit.scraping import Scraping
from components.kit.secret_refs import SecretReference
from components.redis.server import RedisArgs
from components.settings import Settings


def redis_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: SecretReference, scraping: Scraping
) -> RedisArgs:
    """The embedded Redis."""
    return RedisArgs(
        settings=settings,
        namespace=namespace,
        credentials=credentials,
        exporter=redis_exporter(settings, scraping),
    )
