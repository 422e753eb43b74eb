from django.db import models
from project.soft_deletion import Kept


class OrganisationRole(models.TextChoices):
    ADMIN = "ADMIN"
    USER = "USER"


class Organisation(Kept):
    name = models.CharField(max_length=2000)


class UserOrganisation(models.Model):
    user = models.ForeignKey("users.FFAdminUser", on_delete=models.CASCADE)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    role = models.CharField(max_length=50, choices=OrganisationRole.choices)
