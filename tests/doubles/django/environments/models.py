import secrets

from django.db import models
from project.soft_deletion import Kept
from projects.models import Project


def generate_client_api_key() -> str:
    return secrets.token_hex(11)


def generate_server_api_key() -> str:
    return f"ser.{generate_client_api_key()}"


class Environment(Kept):
    name = models.CharField(max_length=2000)
    project = models.ForeignKey(Project, related_name="environments", on_delete=models.DO_NOTHING)
    # Unique among the deleted ones too: their rows stay.
    api_key = models.CharField(default=generate_client_api_key, unique=True, max_length=100)
    use_identity_composite_key_for_hashing = models.BooleanField(default=True, db_column="use_mv_v2_evaluation")


class EnvironmentAPIKey(models.Model):
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="api_keys")
    key = models.CharField(default=generate_server_api_key, max_length=100, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=100)
    expires_at = models.DateTimeField(blank=True, null=True)
    active = models.BooleanField(default=True)
