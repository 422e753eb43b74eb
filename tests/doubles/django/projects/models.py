from django.db import models
from organisations.models import Organisation
from project.soft_deletion import Kept


class Project(Kept):
    name = models.CharField(max_length=2000)
    organisation = models.ForeignKey(Organisation, related_name="projects", on_delete=models.CASCADE)
