"""Labels and annotations of the operator's own, on objects that the program makes."""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.types import LabelValue, PlainText, QualifiedName

# What selectors, tools and the record of a deployment know the objects by, and what controllers write themselves.
OWN_KEYS: Final = frozenset(
    [
        *(
            f"app.kubernetes.io/{name}"
            for name in ("name", "component", "version", "instance", "part-of", "managed-by")
        ),
        *(f"pod-security.kubernetes.io/{mode}" for mode in ("enforce", "audit", "warn")),
        *("controller-uid", "job-name", "pod-template-hash", "controller-revision-hash", "kubernetes.io/metadata.name"),
        *("kubectl.kubernetes.io/default-container", "kubectl.kubernetes.io/last-applied-configuration"),
    ]
)
OWN_PREFIXES: Final = (
    *("feature-flags/", "pulumi.com/", "checksum/", "prometheus.io/", "cnpg.io/"),
    *("apps.kubernetes.io/", "batch.kubernetes.io/", "deployment.kubernetes.io/", "statefulset.kubernetes.io/"),
)
MOST_BYTES: Final = 256 * 1024
"""Of an object's annotations, keys and values (`TotalAnnotationSizeLimitB` of Kubernetes' apimachinery)."""


class ObjectMetadata(Section):
    """Labels and annotations beside the program's own, which they never replace. No selector looks at them."""

    labels: dict[QualifiedName, LabelValue] = Field(default_factory=dict, description="Further labels.")
    annotations: dict[QualifiedName, PlainText] = Field(default_factory=dict, description="Further annotations.")

    def problems(self) -> Iterator[Problem]:
        """Keys that are the program's, and more than Kubernetes takes."""
        yield from own_keys({"labels": self.labels, "annotations": self.annotations})


def own_keys(given: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    """Yield keys of labels and annotations that are not the operator's to set, and annotations that are too long."""
    for kind, values in given.items():
        for key in values:
            if key in OWN_KEYS or key.startswith(OWN_PREFIXES):
                text = "is set by the program or by Kubernetes itself: remove the key"
                yield Problem(path=(kind, key), value=NOT_SHOWN, text=text)
    size = sum(len(key.encode()) + len(value.encode()) for key, value in given["annotations"].items())
    if size > MOST_BYTES:
        text = f"must have at most {MOST_BYTES} bytes in all, keys and values: they have {size}"
        yield Problem(path=("annotations",), value=NOT_SHOWN, text=text)
