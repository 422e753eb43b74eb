"""The program `/controller/manager` of a server's container, as far as the operator runs it: for a base backup.

The operator marks a Backup as started and runs this in the pod; the instance manager then asks the plugin, and writes
the end (pkg/management/postgres/webserver/plugin_backup.go of CloudNativePG 1.30). Here nothing is stored. Containers
of the simulated cluster run programs of this machine, on which that path is nobody's: so the API server gives commands
with it the path of a script.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shlex import join
from typing import Any, Final

import httpx

from flagops.local_cluster import rest

PROGRAM: Final = "/controller/manager"
BACKUPS: Final = "/apis/postgresql.cnpg.io/v1/namespaces/{}/backups/{}"
ADMISSION: Final = "/apis/admissionregistration.k8s.io/v1"
POLICY: Final = "manager-program"
SOURCES: Final = Path(__file__).parents[3]


@contextmanager
def installed(http: httpx.Client, kubeconfig: Path, namespace: str, directory: Path) -> Iterator[None]:
    """Have it in the containers of the cluster.

    Args:
        http: The cluster.
        kubeconfig: Its kubeconfig.
        namespace: Where the Backups are.
        directory: For the script.
    """
    script = directory / "manager"
    started = join([sys.executable, "-m", __name__, str(kubeconfig), namespace])
    script.write_text(f'#!/bin/sh\ncd {join([str(SOURCES)])} && exec {started} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    made = {"mutatingadmissionpolicies": _policy(script), "mutatingadmissionpolicybindings": {"policyName": POLICY}}
    with ExitStack() as stack:
        for plural, spec in made.items():
            rest.create(http, f"{ADMISSION}/{plural}", {"metadata": {"name": POLICY}, "spec": spec})
            stack.callback(_delete, http, plural)
        yield


def _delete(http: httpx.Client, plural: str) -> None:
    http.delete(f"{ADMISSION}/{plural}/{POLICY}").raise_for_status()


def _policy(script: Path) -> dict[str, Any]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CONNECT"], "resources": ["pods/exec"]}
    change = f'[JSONPatch{{op: "replace", path: "/command/0", value: "{script}"}}]'
    return {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "its-path", "expression": f'object.command[0] == "{PROGRAM}"'}],
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": change}}],
    }


def complete(http: httpx.Client, namespace: str, name: str) -> None:
    """End a base backup well, one that the operator has started."""
    path = BACKUPS.format(namespace, name)
    found = rest.get(http, path)
    assert found["status"]["phase"] == "started", found["status"]
    assert found["spec"]["method"] == "plugin", found["spec"]
    now = datetime.now(UTC)
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    ended = {
        "phase": "completed",
        "backupId": now.strftime("%Y%m%dT%H%M%S"),
        "backupName": f"backup-{now:%Y%m%d%H%M%S}",
        "startedAt": moment,
        "stoppedAt": moment,
        "reconciliationTerminatedAt": moment,
        "beginWal": "000000010000000000000003",
        "endWal": "000000010000000000000003",
        "online": True,
    }
    merge = {"Content-Type": "application/merge-patch+json"}
    http.patch(f"{path}/status", json={"status": ended}, headers=merge).raise_for_status()


if __name__ == "__main__":
    _, stated, where, command, *names = sys.argv
    if command == "backup":
        (wanted,) = names
        with rest.client(Path(stated)) as api:
            complete(api, where, wanted)
