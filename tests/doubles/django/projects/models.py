from django.db import models
from organisations.models import Organisation
from permissions.models import AbstractBasePermissionModel
from project.soft_deletion import Kept


class Project(Kept):
    name = models.CharField(max_length=2000)
    organisation = models.ForeignKey(Organisation, related_name="projects", on_delete=models.CASCADE)


class UserProjectPermission(AbstractBasePermissionModel):
    user = models.ForeignKey("users.FFAdminUser", on_delete=models.CASCADE, related_name="project_permissions")
    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    admin = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "project"], name="unique_user_project"),)
