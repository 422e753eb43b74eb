"""What GitOps controllers are told of rendered objects: their order, what to leave alone, and which files to take.

Sources: Argo CD 3.6, docs/user-guide/sync-options.md and docs/operator-manual/health.md; kustomize-controller 1.9
of Flux, docs/spec/v1/kustomizations.md.
"""

from collections.abc import Iterable
from typing import Final

from flagops.commands.render.waves import ANNOTATION
from flagops.evaluation.program import KubeObject
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.postgres_cluster import GROUP

SYNC_OPTIONS: Final = "argocd.argoproj.io/sync-options"
KEPT: Final = {SYNC_OPTIONS: "Prune=false,Delete=false", "kustomize.toolkit.fluxcd.io/prune": "disabled"}
"""Argo CD neither prunes it nor deletes it with its Application; Flux does neither."""
UNCHECKED: Final = {"argocd.argoproj.io/ignore-healthcheck": "true"}
"""It does not count for the health of the Application."""
WAYS_IN: Final = frozenset({"Ingress", "Gateway", "HTTPRoute"})
KUSTOMIZATION: Final = "kustomization.yaml"


def annotated(item: KubeObject, wave: int) -> Manifest:
    """The object's manifest with what controllers have to know of it.

    What Pulumi refuses to delete, or leaves behind, they leave too. A way in that nobody awaits would keep
    the whole Application "Progressing".
    """
    metadata = item.manifest["metadata"]
    annotations = {**(metadata.get("annotations") or {}), ANNOTATION: str(wave)}
    if item.protect or item.retain:
        annotations |= KEPT
        if item.ref.kind == "Cluster" and item.ref.api_version.startswith(GROUP):
            return {**_inherited(item.manifest), "metadata": {**metadata, "annotations": annotations}}
    if item.ref.kind in WAYS_IN and annotations.get("pulumi.com/skipAwait") == "true":
        annotations |= UNCHECKED
    return {**item.manifest, "metadata": {**metadata, "annotations": annotations}}


def _inherited(manifest: Manifest) -> Manifest:
    """A Cluster whose operator writes the same on all that it makes of it, its claims among that.

    They have an owner, which controllers leave alone; not any more once somebody deletes the Cluster and orphans them.
    """
    spec, inherited = manifest["spec"], manifest["spec"].get("inheritedMetadata") or {}
    annotations = {**(inherited.get("annotations") or {}), **KEPT}
    return {**manifest, "spec": {**spec, "inheritedMetadata": {**inherited, "annotations": annotations}}}


def kustomization(files: Iterable[str]) -> str:
    """The file by which `kubectl apply -k`, Argo CD and Flux take these files, in this order."""
    resources = "".join(f"  - {name}\n" for name in files)
    return f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{resources}"
