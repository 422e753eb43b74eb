"""What `up` would do: a server-side dry run of every object, compared to the live one."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from components.deployment.kept_data import GOES_WITH_DATA, HOLDS_DATA
from flagops.engines.direct.diff import field_changes
from flagops.engines.direct.ignored import without_ignored
from flagops.engines.direct.results import ObjectChange, Operation, Preview
from flagops.engines.direct.rollout import must_replace
from flagops.engines.direct.schedule import WORKERS
from flagops.engines.direct.state import RecordedObject, StackRecord
from flagops.evaluation.program import KubeObject, Program
from flagops.kubernetes.client import Client
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.readiness import job_has_failed
from flagops.kubernetes.refusals import ApiError

SCRATCH_NAMESPACE = "default"  # exists in every cluster; a dry run leaves nothing there


def preview(client: Client, program: Program, live: Mapping[Ref, Manifest | None], state: StackRecord) -> Preview:
    """The changes, in the order in which `up` would make them; what the server refuses is raised. Writes nothing."""
    mask = Masker(program.secrets)
    present = {
        name: client.get(Ref("v1", "Namespace", "", name)) is not None
        for name in {item.ref.namespace for item in program.objects if item.ref.namespace}
    }

    def planned(item: KubeObject) -> ObjectChange:
        existing = live[item.ref]
        if existing is None:
            return _creation(client, item, namespace_exists=present.get(item.ref.namespace, True))
        return _update(client, item, existing, mask)

    with ThreadPoolExecutor(WORKERS) as pool:
        changes = list(pool.map(planned, program.objects))
    left = reversed(state.left_by(program))
    changes += [ObjectChange(Operation.DELETE, entry.ref, note=_farewell(entry)) for entry in left]
    return Preview(tuple(changes), program.shown_outputs, program.warnings, program.advisories)


def _creation(client: Client, item: KubeObject, *, namespace_exists: bool) -> ObjectChange:
    if namespace_exists:
        client.apply(item.manifest, force=False, dry_run=True)
        return ObjectChange(Operation.CREATE, item.ref)
    # In a namespace that is yet to be made a dry run fails: the object is validated in one that exists.
    scratch = {**item.manifest, "metadata": {**item.manifest["metadata"], "namespace": SCRATCH_NAMESPACE}}
    try:
        client.create(scratch, dry_run=True)
    except ApiError as error:
        if error.status != 409:  # an object of that name lives there: nothing can be told
            raise
    return ObjectChange(Operation.CREATE, item.ref, note="its namespace is made first")


def _farewell(entry: RecordedObject) -> str:
    if entry.retain:
        return "kept in the cluster, as the program asked"
    return GOES_WITH_DATA if entry.ref.kind in HOLDS_DATA else ""


def _update(client: Client, item: KubeObject, existing: Manifest, mask: Masker) -> ObjectChange:
    if item.ref.kind == "Job" and job_has_failed(existing):
        return ObjectChange(Operation.REPLACE, item.ref, note="it failed, and is made anew")
    if existing["metadata"].get("deletionTimestamp"):
        return ObjectChange(Operation.REPLACE, item.ref, note="it is being deleted, and is made anew")
    try:
        manifest = without_ignored(item.manifest, item.ignored, existing)
        wanted = client.apply(manifest, force=True, dry_run=True)
    except ApiError as error:
        if must_replace(error, item):
            return ObjectChange(Operation.REPLACE, item.ref, note=mask(error.detail))
        raise
    fields = field_changes(existing, wanted, mask)
    return ObjectChange(Operation.UPDATE if fields else Operation.UNCHANGED, item.ref, fields)
