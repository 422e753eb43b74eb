from django.apps import AppConfig


class OrganisationPermissionsConfig(AppConfig):
    name = "organisations.permissions"
    label = "organisations_permissions"
