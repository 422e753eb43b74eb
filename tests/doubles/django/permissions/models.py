from collections.abc import Iterable

from django.db import models


class PermissionModel(models.Model):
    key = models.CharField(max_length=100, primary_key=True)
    description = models.TextField()


class AbstractBasePermissionModel(models.Model):
    permissions = models.ManyToManyField(PermissionModel, blank=True)

    class Meta:
        abstract = True

    def set_permissions(self, permission_keys: Iterable[str]) -> None:
        """Those and no other; one that there is not is an error."""
        self.permissions.set([PermissionModel.objects.get(key=key) for key in permission_keys])
