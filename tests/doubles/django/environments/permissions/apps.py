from django.apps import AppConfig


class EnvironmentPermissionsConfig(AppConfig):
    name = "environments.permissions"
    label = "environments_permissions"
