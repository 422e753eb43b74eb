"""Says, while Pulumi waits, why: what the pods of each object that is under way are held up by."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event as Flag
from threading import Thread

from flagops.engines.own_cluster import StackCluster
from flagops.engines.pulumi_cli.events import EventTranslator
from flagops.engines.pulumi_cli.explain import secrets_of
from flagops.errors import OpsError
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.objects import Ref
from flagops.kubernetes.why_waiting import why

PAUSE = 3.0  # seconds between two looks: a reason is worth a few requests, not a stream of them


@contextmanager
def watching(heard: EventTranslator, cluster: StackCluster) -> Iterator[None]:
    """Tell `heard`, while the block runs, what holds up the objects that it says are under way."""
    ended = Flag()
    thread = Thread(target=_watch, args=(heard, cluster, ended), name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _watch(heard: EventTranslator, cluster: StackCluster, ended: Flag) -> None:
    try:
        client = Client(connect(cluster.kubeconfig, cluster.context))
    except OpsError:
        return  # it only explains
    try:
        while not ended.wait(PAUSE):
            explain_each(heard, client)
    finally:
        client.close()


def explain_each(heard: EventTranslator, client: Client) -> None:
    """Look once at everything under way; what cannot be read is left out, since this only explains."""
    for urn, manifest in heard.under_way.items():
        try:
            ref = Ref.of(manifest)
            live = client.get(ref)
            said = why(client, live, partial(_masked, client, ref.namespace)) if live is not None else ""
            if said:
                heard.waits(urn, said)
        except OpsError:
            continue


def _masked(client: Client, namespace: str, text: str) -> str:
    """A reason without what the namespace's Secrets hold, which are read where there is a reason."""
    return Masker(secrets_of(client, namespace))(text)
