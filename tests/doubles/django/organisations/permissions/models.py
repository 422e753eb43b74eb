from django.db import models
from permissions.models import AbstractBasePermissionModel

from organisations.models import Organisation


class UserOrganisationPermission(AbstractBasePermissionModel):
    user = models.ForeignKey("users.FFAdminUser", on_delete=models.CASCADE)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)

    class Meta:
        db_table = "organisations_userorganisationpermission"
        constraints = (models.UniqueConstraint(fields=["user", "organisation"], name="unique_user_organisation"),)
