"""Objects of the cluster that are otherwise for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from flagops.kubernetes.objects import Manifest, Ref
from flagops.pods.restart import wait
from flagops.stacks.deployed import Instance


@contextmanager
def changed_workload(instance: Instance, ref: Ref, change: Manifest, back: Manifest) -> Iterator[None]:
    """A changed workload; afterwards it is as it was, and its pods too, which a test that failed does not wait for."""
    instance.client.merge(ref, change)
    try:
        yield
    except BaseException:
        instance.client.merge(ref, back)
        raise
    wait(instance, ref, instance.client.merge(ref, back), 60)


@contextmanager
def created(instance: Instance, manifest: Manifest) -> Iterator[None]:
    """One more object."""
    made = instance.client.create(manifest)
    try:
        yield
    finally:
        instance.client.delete(Ref.of(made))
