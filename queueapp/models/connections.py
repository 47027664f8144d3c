"""Backends: where generations are made."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now


class Connection(models.Model):
    """One backend. The built-in engine is one; each upstream hub account is one."""

    class Kind(models.TextChoices):
        BUILTIN = "builtin", "Built-in engine"
        UPSTREAM = "upstream", "Upstream hub"

    name = models.SlugField(max_length=50, unique=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.UPSTREAM)
    enabled = models.BooleanField(
        default=True, help_text="Off: nothing new is released to it, and its models leave the picker."
    )
    priority = models.IntegerField(
        default=0, help_text="Where two connections have a model of one name, the higher one makes it."
    )
    capacity = models.PositiveSmallIntegerField(
        default=8, validators=[MinValueValidator(1)], help_text="Generations at work at once."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("-priority", "name")

    def __str__(self) -> str:
        return self.name
