"""Rows that stay when they are deleted, with the time of it (as `softdelete` 0.11 does for Flagsmith)."""

from typing import Any

from django.db import models


class KeptManager(models.Manager):
    """Finds what is not deleted."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(deleted_at__isnull=True)

    def all_with_deleted(self) -> Any:
        return super().get_queryset()


class Kept(models.Model):
    deleted_at = models.DateTimeField(null=True, default=None)
    objects = KeptManager()

    class Meta:
        abstract = True
