"""No wave waits for what comes later, or for nothing: every rendered stack, with Argo CD and with Flux."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest

from components.settings.sizes import SIZES
from flagops.commands.render.waves import sync_waves
from flagops.evaluation.program import Program
from flagops.kubernetes.objects import Ref
from tests.components.network.variants import VARIANTS as NETWORKS
from tests.components.secrets.test_external_secrets import STORE
from tests.gitops import argocd, flux
from tests.gitops.world import WORLDS, World, live
from tests.recording import record

BACKUP: Final = "flagsmith-backup-data"
STAGING: Final[Mapping[str, Mapping[str, object]]] = {
    "staging": {},
    "Secrets from a store": {"secretStore": STORE},
    # The whole of a file that people wrote: nothing but a host, a cluster, and an issuer's certificate.
    "plain": {"ingress": {"className": "traefik", "tls": {"clusterIssuer": "letsencrypt"}}},
    "no Ingress address": {"ingress": {"className": "traefik", "tls": {"secretName": "tls"}, "awaitAddress": False}},
}
PRODUCTION: Final[Mapping[str, Mapping[str, object]]] = {
    **{f"size {size}": {"size": size} for size in SIZES if size != "local"},
    **{f"network {name}": overrides for name, overrides in NETWORKS.items()},
    "no backups": {"backup": {"enabled": False}},
    "backups by hand": {"backup": {"suspend": True}},
    "backups in a bucket": {"backup": {"s3": {"bucket": "backups", "existingSecret": "bucket"}}},
    "an autoscaler": {"autoscaling": {"enabled": True}},
    "a storage class": {"backup": {"storage": {"className": "slow"}}, "postgres": {"storage": {"className": "fast"}}},
    "no network policies": {"networkPolicy": {"enabled": False}},
    "monitoring by custom resources": {"apiVersions": ["monitoring.coreos.com/v1"]},
    "a renewed log-in": {"rotations": {"database": 1, "postgres": 1}},
}
STACKS: Final = (
    ("local", "local", {}),
    *(("staging", name, overrides) for name, overrides in STAGING.items()),
    *(("production", name, overrides) for name, overrides in PRODUCTION.items()),
)
Objects = Mapping[Ref, Mapping[str, Any]]


@pytest.fixture(scope="module", params=STACKS, ids=lambda stack: f"{stack[0]}, {stack[1]}")
def program(request: pytest.FixtureRequest) -> Program:
    name, _, overrides = request.param
    return record(name, overrides).program


def waves(program: Program) -> Iterator[tuple[set[Ref], set[Ref], bool]]:
    """Each wave, what has been applied with it, and whether it is the last."""
    of = sync_waves(program)
    last = max(of.values())
    for wave in range(last + 1):
        yield {r for r, w in of.items() if w == wave}, {r for r, w in of.items() if w <= wave}, wave == last


def stops(program: Program, world: World, is_well: Callable[[Mapping[str, Any]], bool], *, at_end: bool) -> list[str]:
    """What a wave waits for in vain, by number of the wave; the last wave counts `at_end` only."""
    found = []
    for number, (wave, applied, is_last) in enumerate(waves(program)):
        if is_last and not at_end:
            continue
        shown = live(program, applied, world)
        found += [f"{number}: {ref.kind} {ref.name}" for ref in sorted(wave) if not is_well(shown[ref])]
    return found


def has_no_stop_for_argo(manifest: Mapping[str, Any]) -> bool:
    return argocd.health(manifest) in (None, "Healthy")


def has_no_stop_for_flux(manifest: Mapping[str, Any]) -> bool:
    return flux.status(manifest) == "Current"


def test_every_wave_becomes_healthy_for_argo_cd(program: Program) -> None:
    for world in WORLDS:
        assert stops(program, world, has_no_stop_for_argo, at_end=False) == [], world


def test_every_wave_becomes_current_for_flux_the_last_one_too(program: Program) -> None:
    for world in WORLDS:
        assert stops(program, world, has_no_stop_for_flux, at_end=True) == [], world


def test_a_first_sync_leaves_nothing_unhealthy_but_what_the_cluster_withholds(program: Program) -> None:
    everything = {item.ref for item in program.objects}
    for world in WORLDS:
        shown = live(program, everything, world)
        unwell = {ref.kind for ref, manifest in shown.items() if not has_no_stop_for_argo(manifest)}
        withheld = {
            *(() if world.has_addresses else ("Ingress", "Gateway", "HTTPRoute")),
            *(("CronJob",) if world.last_night_failed else ()),
            *(() if world.has_metrics else ("HorizontalPodAutoscaler",)),
        }
        assert unwell <= withheld, world


def test_the_waves_have_no_gap_and_begin_with_the_namespace(program: Program) -> None:
    of = sync_waves(program)
    assert set(of.values()) == set(range(max(of.values()) + 1))
    assert {ref.kind for ref, wave in of.items() if wave == 0} == {"Namespace", "LimitRange", "ResourceQuota"}


def test_nothing_comes_before_what_it_needs(program: Program) -> None:
    of = sync_waves(program)
    late = {"CronJob", "HorizontalPodAutoscaler", "Ingress"}
    for item in program.objects:
        assert all(of[need] <= of[item.ref] for need in item.needs if need.kind not in late), item.ref


# What was seen to hang is seen as such by the rules.


def as_before(program: Program, *moved: str) -> list[str]:
    """The stops when these kinds and names stood in the wave of the Secrets."""
    world = World(binds_at_once=False, has_addresses=False, last_night_failed=True, has_metrics=False)
    applied = {r for r, wave in sync_waves(program).items() if wave <= 2}
    applied |= {item.ref for item in program.objects if f"{item.ref.kind} {item.ref.name}" in moved}
    shown = live(program, applied, world)
    return [name for ref in sorted(applied) if (name := f"{ref.kind} {ref.name}") in moved and not _well(shown[ref])]


def _well(manifest: Mapping[str, Any]) -> bool:
    return has_no_stop_for_argo(manifest)


def test_a_claim_whose_pods_are_those_of_cron_jobs_alone_stops_both() -> None:
    program = record("production", {"backup": {"suspend": True}}).program
    cron_jobs = [f"CronJob {name}" for name in ("flagsmith-backup", "flagsmith-backups", "flagsmith-restore")]
    claim = f"PersistentVolumeClaim {BACKUP}"
    assert as_before(program, claim, *cron_jobs) == [claim]


def test_an_ingress_without_an_address_and_last_nights_failure_stop_argo_cd() -> None:
    program = record("production").program
    moved = ("CronJob flagsmith-backup", "Ingress flagsmith")
    assert as_before(program, *moved) == list(moved)
