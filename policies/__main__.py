"""The policy pack: what Pulumi runs for `--policy-pack policies`."""

import sys
from pathlib import Path

# Pulumi runs this directory as a program, in an environment in which the project is not installed.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.crossguard import policies_of
from policies.custom_rules import CUSTOM, all_rules

PolicyPack(name="feature-flags", enforcement_level=EnforcementLevel.MANDATORY, policies=policies_of(all_rules(CUSTOM)))
