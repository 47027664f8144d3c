"""Namespaces, which own generations and are billed, and the API tokens of users."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Namespace(models.Model):
    """A user's or a team's space: owns generations and is billed for them.

    `version` counts the changes to everything the namespace owns. Each change increments it in its own
    transaction and thereby locks the row until the commit. Versions therefore become visible in ascending
    order, and a client that asks for "all changes after version N" misses none.
    """

    name = models.CharField(max_length=150, unique=True)
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="namespace",
        help_text="The user whose own namespace this is. Empty for a team.",
    )
    version = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A secret that lets a script use the API as its owner. Only a prefix and a hash are stored."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, help_text="The script or tool that uses this token.")
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
