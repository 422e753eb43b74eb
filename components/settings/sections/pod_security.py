"""Who the containers run as."""

from typing import Literal

from pydantic import Field

from components.settings.base import Section


class PodSecuritySettings(Section):
    """Which users the pods run as; on OpenShift see [worlds.md](worlds.md#openshift)."""

    user_ids: Literal["fixed", "cluster"] = Field(
        default="fixed",
        description="`fixed`: the users and groups of the images; `cluster`: the cluster chooses them for the "
        "namespace, as OpenShift does with its SCC `restricted-v2`. Not with the embedded PostgreSQL, because its "
        "local log-in needs the names of users.",
    )

    @property
    def chosen_by_cluster(self) -> bool:
        """Whether no pod says as whom it runs."""
        return self.user_ids == "cluster"
