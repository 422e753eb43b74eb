from typing import Any

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from organisations.models import Organisation, OrganisationRole, UserOrganisation


class UserManager(BaseUserManager):
    def create_superuser(self, email: str, password: str, **fields: Any) -> Any:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Any:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save()
        return user


class FFAdminUser(AbstractUser):
    """Known by the e-mail; the name is none's."""

    email = models.EmailField(unique=True)
    username = models.CharField(unique=True, max_length=150, null=True, blank=True)
    organisations = models.ManyToManyField(Organisation, related_name="users", through=UserOrganisation)
    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ()

    def add_organisation(self, organisation: Organisation, role: OrganisationRole = OrganisationRole.USER) -> None:
        UserOrganisation.objects.create(user=self, organisation=organisation, role=role.name)


class UserPermissionGroup(models.Model):
    name = models.CharField(max_length=200)
    users = models.ManyToManyField(FFAdminUser, blank=True, related_name="permission_groups")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="permission_groups")
