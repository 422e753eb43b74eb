"""Is this the cluster that the stack was deployed to, and is what was deployed there? The program itself asks.

Pulumi compares the program with its state, not with the cluster: it says "unchanged" of one that is down, empty or
another. Only a run of the Pulumi CLI gets as far as a question: the direct engine, which knows no uid of anything
before it deploys, asks by itself.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

import pulumi

from components.deployment import edge_keys, given_namespace, recorded
from components.deployment.begins_empty import begins_empty
from components.deployment.kept_data import GIVEN_UP, WAY_BACK, has_database, held, losses, named, way_out
from components.deployment.presence import (
    DeclaredObject,
    absent,
    another_cluster,
    cluster_uid,
    observe,
    other_namespace,
    unseen,
)
from components.deployment.role import has_flagsmith, other_role
from components.kit import names
from components.kit.api_server import DENIED, Fetch, fetching
from components.settings import Settings
from components.text.versions import parse_version

COLLECTIONS: Final = {
    "PersistentVolumeClaim": "/api/v1/namespaces/{namespace}/persistentvolumeclaims",
    "Cluster": f"/apis/{names.CNPG_API_VERSION}/namespaces/{{namespace}}/clusters",
}


class OwnCluster:
    """The cluster of a stack. Every refusal is a pulumi.RunError, which ends the run."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is asked yet."""
        self._settings = settings
        self._context = settings.context
        self._namespace = settings.namespace.name
        self._wanted = settings.cluster_uid
        self._held, self._named = held(settings), named(settings)
        self._release = settings.version

    def require(self) -> None:
        """Refuse another cluster than the one that the settings name; without such a setting, nothing is asked."""
        if self._wanted is not None:
            found = cluster_uid(self._fetch)
            if found != self._wanted:
                raise pulumi.RunError(another_cluster(self._context, found, self._wanted))

    def require_namespace(self, uid: str | None) -> None:
        """Refuse a cluster whose namespace is not the one with this uid, which Pulumi has on record or just made.

        In the right one, refuse what would lose the data there.
        """
        if uid is None:
            return
        self._require_same(uid)
        self._require_given()
        self._require_role()
        self._require_data()
        self._tell_older()
        ending = edge_keys.ending(self._settings, recorded.secrets(self._deployed))
        if ending is not None:
            pulumi.log.warn(ending)

    def require_objects(self, declared: Sequence[DeclaredObject], uid: str | None) -> None:
        """Refuse to call the stack deployed while objects that Pulumi takes for deployed are not in the cluster."""
        if uid is None:
            return
        # In a preview this runs beside the question for the namespace, and Pulumi shows the error of either.
        self._require_same(uid)
        seen = observe(self._fetch, self._namespace, declared)
        missing, denied = absent(seen), unseen(seen)
        if denied:
            pulumi.log.warn(f"Nobody looked whether these are in the cluster, since you may not read them: {denied}.")
        if missing:
            stack = pulumi.get_stack()
            raise pulumi.RunError(
                f"Not everything is in the namespace {self._namespace!r} of context {self._context!r}, although "
                f"Pulumi's state says so: {missing}. `pulumi refresh --stack {stack}` takes what is gone out of the "
                f"state, and `pulumi up --stack {stack}` makes it again."
            )

    def recorded_secrets(self) -> frozenset[str] | None:
        """The names of the Secrets that the last deployment declared; None where there is no record of one."""
        self._require_readable("a stack that has keys would look like a new one")
        return recorded.secrets(self._deployed)

    def _require_same(self, uid: str) -> None:
        """Refuse a cluster whose namespace does not have this uid."""
        live = self._fetch(f"/api/v1/namespaces/{self._namespace}")
        problem = other_namespace(live, uid)
        if problem is not None:
            stack = pulumi.get_stack()
            raise pulumi.RunError(
                f"The cluster of context {self._context!r} is not the one that the stack {stack!r} was deployed to: "
                f"its namespace {self._namespace!r} {problem}. Correct feature-flags:context, or the kubeconfig. If "
                f"the namespace was deleted, and its data with it: `pulumi refresh --stack {stack}` takes what is "
                "gone out of the state, and the next `pulumi up` makes it anew, empty."
            )

    def _require_readable(self, otherwise: str) -> None:
        """Refuse a record that may not be read: it is not one that is not there, and much depends on it."""
        if self._deployed is None and self._fetch(recorded.path(self._namespace)) is DENIED:
            raise pulumi.RunError(
                f"What the last deployment declared cannot be read: you may not get the ConfigMap {names.DEPLOYMENT} "
                f"in the namespace {self._namespace!r} of context {self._context!r}, and {otherwise}. Ask for the "
                "right to get it."
            )

    def _require_given(self) -> None:
        """Of a namespace of somebody else's: refuse to give up one of the stack's own, and say what it lacks."""
        if self._settings.namespace.create:
            return
        if any(item.kind == "Namespace" for item in (self._deployed.objects if self._deployed else ())):
            raise pulumi.RunError(given_namespace.handed_over(self._namespace))
        for warning in given_namespace.warnings(self._settings, self._fetch):
            pulumi.log.warn(warning)

    def _require_role(self) -> None:
        """Refuse another role than the deployed one's: what the edge does not have would be deleted."""
        if self._settings.is_edge:
            self._require_readable("a whole Flagsmith, which would be deleted, would look like nothing")
        problem = other_role(self._fetch, self._deployed, self._settings)
        if problem is not None:
            raise pulumi.RunError(problem)

    def _require_data(self) -> None:
        """Refuse what would delete a volume with data in it, or give it up, and a change that no volume can make."""
        problems = list(self._given_up())
        problems += [WAY_BACK] if problems else []
        empty = begins_empty(self._settings, lambda kind, name: self._fetch(self._path(kind, name)) is not None)
        problems += [] if empty is None else [empty]
        for item in self._held:
            kind, name = item["kind"], item["metadata"]["name"]
            live = self._fetch(self._path(kind, name))
            if live is None or live is DENIED:
                continue
            found = [f"{kind} {name} {reason}." for reason in losses(item, live, by_statement=True)]
            problems += [*found, way_out(kind, name, self._namespace)] if found else []
        if problems:
            raise pulumi.RunError("Data would be lost:\n" + "\n".join(f"  {problem}" for problem in problems))

    def _given_up(self) -> Iterator[str]:
        """The databases that the last deployment had, are still there, and that the settings do not have any more."""
        for kind, name in self._databases():
            live = None if (kind, name) in self._named else self._fetch(self._path(kind, name))
            if live is DENIED:
                yield f"{kind} {name} {GIVEN_UP}. Whether it is still there cannot be told: you may not get it."
            elif live is not None:
                yield f"{kind} {name} {GIVEN_UP}."

    def _databases(self) -> Iterator[tuple[str, str]]:
        """The kind and name of what the last deployment had its database in.

        One that did not end has left no record; what it made is known by its labels.
        """
        if self._deployed is not None:
            for item in self._deployed.objects:
                if has_database(item.api_version, item.kind, item.name):
                    yield item.kind, item.name
            return
        claim = self._fetch(self._path("PersistentVolumeClaim", names.POSTGRES_DATA))
        clusters = (self._fetch(self._path("Cluster")) or {}).get("items", ())
        for kind, live in (("PersistentVolumeClaim", claim), *(("Cluster", item) for item in clusters)):
            metadata = (live or {}).get("metadata", {})
            if (metadata.get("labels") or {}).get(names.PART_OF) == names.PLATFORM:
                yield kind, str(metadata["name"])

    def _path(self, kind: str, name: str = "") -> str:
        """Where the API server has an object that holds data, or without a name all of them."""
        collection = COLLECTIONS[kind].format(namespace=self._namespace)
        return f"{collection}/{name}" if name else collection

    def _tell_older(self) -> None:
        """Warn of an older release than the deployed one; to refuse it is the migration's, which sees the database."""
        # The release of an edge alone is its proxies'.
        deployed = self._deployed if has_flagsmith(self._deployed) else None
        if deployed is not None and parse_version(self._release) < parse_version(deployed.release):
            pulumi.log.warn(
                f"version {self._release} is older than {deployed.release}, which is deployed. Unless the database was "
                "restored to it, the migration refuses the database, and nothing after it is changed. The way back is "
                "`ff upgrade --back` (docs/upgrades.md)."
            )

    @cached_property
    def _deployed(self) -> recorded.Deployment | None:
        return recorded.deployed(self._fetch, self._namespace)

    @cached_property
    def _fetch(self) -> Fetch:
        def failed(why: object) -> pulumi.RunError:
            return pulumi.RunError(
                f"The cluster of context {self._context!r} cannot be asked whether the stack is there: {why}. Nothing "
                "is deployed to a cluster that does not answer: mend the access."
            )

        return fetching(self._context, failed, takes_denied=True)
