from django.db import models
from permissions.models import AbstractBasePermissionModel

from environments.models import Environment


class UserEnvironmentPermission(AbstractBasePermissionModel):
    user = models.ForeignKey("users.FFAdminUser", on_delete=models.CASCADE, related_name="environment_permissions")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE)
    admin = models.BooleanField(default=False)

    class Meta:
        db_table = "environments_userenvironmentpermission"
        constraints = (models.UniqueConstraint(fields=["user", "environment"], name="unique_user_environment"),)
