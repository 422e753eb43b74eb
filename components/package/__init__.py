"""The platform as a Pulumi package: one component, for programs in any of Pulumi's languages."""
