"""The exporters, real ones, with what they have in their pods: what they can read, and what their users cannot."""

import os

import pytest
import redis

from tests.components.monitoring.conftest import METRICS_PASSWORD, MonitoredRedis
from tests.components.monitoring.exporters import running, source
from tests.metrics import parse_scrape, recorded_metrics
from tests.servers import Postgres


def test_postgres_exporter_reads_its_metrics_by_the_socket_without_a_password(
    postgres: Postgres, exporter_user: str
) -> None:
    with running("postgres-exporter", source(postgres), exporter_user) as client:
        answer = client.get("/metrics").text

    assert "\npg_up 1\n" in answer
    assert "\npg_exporter_last_scrape_error 0\n" in answer
    found = parse_scrape(answer)
    assert {"pg_stat_activity_count", "pg_settings_max_connections", "pg_stat_database_deadlocks"} <= set(found.names)
    assert "flagsmith" in found.names["pg_database_size_bytes"]["datname"]


def test_the_exporter_of_postgres_runs_nothing_that_the_databases_owner_made(
    postgres: Postgres, exporter_user: str
) -> None:
    postgres.query(
        """
        CREATE TABLE public.caught (who name);
        GRANT USAGE ON SCHEMA public TO PUBLIC;
        GRANT INSERT ON public.caught TO PUBLIC;
        CREATE FUNCTION public.trap() RETURNS boolean LANGUAGE plpgsql AS
            $f$ BEGIN INSERT INTO public.caught VALUES (session_user); RETURN true; END $f$;
        CREATE FUNCTION public.pg_database_size(name) RETURNS bigint LANGUAGE plpgsql AS
            $f$ BEGIN PERFORM public.trap(); RETURN 1; END $f$;
        CREATE FUNCTION public.version() RETURNS text LANGUAGE plpgsql AS
            $f$ BEGIN PERFORM public.trap(); RETURN pg_catalog.version(); END $f$;
        DO $do$
        DECLARE view name;
        BEGIN
            FOR view IN SELECT relname FROM pg_catalog.pg_class
                WHERE relname ~ '^pg_(stat|locks|settings|database|replication)'
                AND relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('v', 'r')
            LOOP
                BEGIN
                    EXECUTE format('CREATE VIEW public.%1$I AS SELECT * FROM pg_catalog.%1$I '
                        'WHERE public.trap()', view);
                    EXECUTE format('GRANT SELECT ON public.%I TO PUBLIC', view);
                EXCEPTION WHEN OTHERS THEN NULL;
                END;
            END LOOP;
        END $do$;
        ALTER DATABASE flagsmith SET search_path = public, pg_catalog;
        """
    )
    with running("postgres-exporter", source(postgres), exporter_user) as client:
        answer = client.get("/metrics").text
    assert "\npg_up 1\n" in answer
    found = parse_scrape(answer)
    assert found.names["pg_database_size_bytes"]
    assert postgres.query("SELECT DISTINCT who FROM public.caught WHERE who = 'flagsmith_metrics'") == []


def test_another_user_of_the_machine_is_not_taken_for_the_exporter(postgres: Postgres) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can run a program as somebody else")
    with running("postgres-exporter", source(postgres), "daemon") as client:
        assert "\npg_up 0\n" in client.get("/metrics").text


def test_a_postgres_that_went_away_shows_as_down(postgres: Postgres, exporter_user: str) -> None:
    with running("postgres-exporter", source(postgres), exporter_user) as client:
        assert "\npg_up 1\n" in client.get("/metrics").text
        postgres.stop()
        assert "\npg_up 0\n" in client.get("/metrics").text


def test_redis_exporter_reads_its_metrics_as_a_user_of_its_own(monitored_redis: MonitoredRedis) -> None:
    with monitored_redis.client() as client:
        client.set("key", "value")
        client.get("key")
        client.get("nothing")
    with running("redis-exporter", monitored_redis.environment()) as exporter:
        answer = exporter.get("/metrics").text

    assert "\nredis_up 1\n" in answer
    assert "\nredis_keyspace_hits_total 1\n" in answer
    assert {"redis_memory_max_bytes", "redis_evicted_keys_total"} <= set(parse_scrape(answer).names)


def test_what_redis_exporter_is_refused_is_the_log_of_slow_commands_alone(monitored_redis: MonitoredRedis) -> None:
    with running("redis-exporter", monitored_redis.environment()) as exporter:
        assert "\nredis_up 1\n" in exporter.get("/metrics").text
    with monitored_redis.client() as client:
        refused = {entry["object"] for entry in client.acl_log()}
    assert refused <= {"slowlog|get", "client|setname"}


@pytest.mark.parametrize(
    "command", ["GET key", "SET key value", "KEYS *", "CONFIG GET requirepass", "SLOWLOG GET", "MONITOR", "FLUSHALL"]
)
def test_the_exporters_user_reads_no_key_no_configuration_and_changes_nothing(
    monitored_redis: MonitoredRedis, command: str
) -> None:
    with (
        monitored_redis.client("metrics", METRICS_PASSWORD) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.execute_command(*command.split())


def test_a_redis_that_went_away_shows_as_down(monitored_redis: MonitoredRedis) -> None:
    with running("redis-exporter", monitored_redis.environment()) as exporter:
        assert "\nredis_up 1\n" in exporter.get("/metrics").text
        monitored_redis.stop()
        assert "\nredis_up 0\n" in exporter.get("/metrics").text


@pytest.mark.parametrize("name", ["pg_up", "redis_up", "redis_evicted_keys_total", "pg_settings_max_connections"])
def test_newer_exporters_have_the_same_names(name: str) -> None:
    assert name in recorded_metrics().names
