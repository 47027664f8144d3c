"""Who owns and pays (namespaces), and how scripts prove who they are (API tokens)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Namespace(models.Model):
    """A person's or a team's space: owns generations, is billed.

    `version` counts changes to anything the namespace owns. Each move raises it in the transaction that
    makes the move, so versions appear in the order of their numbers and a poll that asks for "all after
    the last one I saw" never misses one.
    """

    name = models.CharField(max_length=150, unique=True)
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="namespace",
        help_text="The person whose own space this is; empty for a team's.",
    )
    version = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A script's key to the API, acting as its owner. Only its beginning and a hash are kept."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, help_text="What uses this token.")
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
