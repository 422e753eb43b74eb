"""Flagsmith on the local cluster, as a resource of a program in Python."""

import pulumi
from footanalytics_feature_flags import FeatureFlags

flags = FeatureFlags(
    "flags",
    host="flags.localhost",
    public_url="http://flags.localhost:30083",
    context="flagsmith-local",
    size="local",
    namespace={"name": "flags-python"},
    service={"node_port": 30083},
    ingress={"enabled": False},
    postgres={"storage": {"size": "1Gi"}},
    retention={"raw_analytics_days": 7, "task_days": 7, "reported_flags": 8},
)
pulumi.export("url", flags.url)
pulumi.export("adminSecret", flags.admin_secret)
pulumi.export("sdkKeySecrets", flags.sdk_key_secrets)
