"""The renewal of Redis' password, with a real Redis and the cache of Django that Flagsmith uses: no request fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache.backends.base import BaseCache

from tests.recording import environment, recorded
from tests.servers import Redis, free_port

BACKEND = "GET_FLAGS_ENDPOINT_CACHE"


def cache(redis: Redis, password: str) -> BaseCache:
    """A cache as a pod with this password in its environment has it, with the options of the pods' own variables."""
    # Only with Django's settings.
    from django_redis.cache import RedisCache

    variables = environment(recorded("local").one("Deployment", "flagsmith")["spec"]["template"])
    assert variables[f"{BACKEND}_BACKEND"] == "django_redis.cache.RedisCache"
    location = variables[f"{BACKEND}_LOCATION"]
    assert location.startswith("$(REDIS_URL)/")
    url = f"redis://:{password}@127.0.0.1:{redis.port}"
    return RedisCache(location.replace("$(REDIS_URL)", url), {})


def request(cached: BaseCache) -> str:
    """What a request does: it takes the answer from the cache, or from the database and puts it there."""
    found = cached.get("answer")
    if found is None:
        cached.set("answer", "cached", 60)
        return "from the database"
    return str(found)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    if not settings.configured:
        # Flagsmith's own default: an error of Redis is no error of the request.
        settings.configure(DJANGO_REDIS_IGNORE_EXCEPTIONS=True)
    made = Redis(tmp_path / "redis", free_port(), "before")
    made.start()
    yield made
    made.stop()


def test_pods_of_before_and_after_answer_all_along(redis: Redis) -> None:
    old, new = cache(redis, "before"), cache(redis, "after")
    assert [request(old), request(old)] == ["from the database", "cached"]
    assert request(new) == "from the database", "its Redis is not there yet"
    redis.stop()
    assert [request(old), request(new)] == ["from the database"] * 2
    redis.password = "after"
    redis.start()
    assert [request(new), request(new)] == ["from the database", "cached"], "the caches start empty"
    assert [request(old) for _ in range(3)] == ["from the database"] * 3, "the password of before is refused"
    assert request(new) == "cached"
