"""The settings with Flagsmith's apps, as far as the bootstrap and the log-in of rollouts use them."""

from project.settings import DATABASES, DEFAULT_AUTO_FIELD, INSTALLED_APPS, SECRET_KEY, USE_TZ

__all__ = ["DATABASES", "DEFAULT_AUTO_FIELD", "SECRET_KEY", "USE_TZ"]

APPS = (
    "users",
    "organisations",
    "projects",
    "environments",
    "permissions",
    "organisations.permissions",
    "environments.permissions",
    "rest_framework.authtoken",
)
INSTALLED_APPS = [*INSTALLED_APPS, *APPS]
# All tables are made from the models, in the order of their references.
MIGRATION_MODULES: dict[str, None] = {"auth": None, "contenttypes": None}
AUTH_USER_MODEL = "users.FFAdminUser"
# Fast: no password here is worth anything.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
