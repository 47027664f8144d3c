"""Backends: where generations are made."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now

from queueapp.models.fields import Encrypted, EncryptedTextField


class Connection(models.Model):
    """One backend. The built-in engine is one; each upstream hub account is one.

    The fields from `stopped` on are what the workers know of it; a person reads them.
    """

    class Kind(models.TextChoices):
        BUILTIN = "builtin", "Built-in engine"
        UPSTREAM = "upstream", "Upstream hub"

    class Revision(models.TextChoices):
        UNKNOWN = "", "Not known yet"
        CLASSIC = "classic", "Classic"
        BRIDGE = "bridge", "Bridge"
        CURRENT = "current", "Current"

    class StopReason(models.TextChoices):
        NONE = "", "Works"
        KEY = "key", "Stopped: the key is not accepted"
        CREDITS = "credits", "Stopped: out of credits"

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

    base_url = models.CharField(
        "address", max_length=300, blank=True, help_text="Of the hub, for example https://hub.oxen.ai"
    )
    key = EncryptedTextField(blank=True, default=Encrypted, editable=False)
    namespace = models.CharField(
        max_length=150,
        blank=True,
        help_text="The hub's namespace that owns and pays. Left empty, the hub is asked whose key it is.",
    )
    public_url = models.CharField(
        "this Drover's public address",
        max_length=300,
        blank=True,
        help_text="Where the hub can reach this Drover, for example https://drover.example.com. "
        "Inputs are then sent as links that expire; left empty, they are sent whole.",
    )
    revision = models.CharField(max_length=10, choices=Revision, blank=True, editable=False)
    supports_events = models.BooleanField(null=True, editable=False, help_text="Null: not tried yet.")

    stop_reason = models.CharField(max_length=10, choices=StopReason, blank=True, editable=False)
    stop_message = models.CharField(max_length=500, blank=True, editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)
    consecutive_failures = models.PositiveIntegerField(
        default=0, editable=False, help_text="Calls in a row that came to nothing."
    )
    last_error = models.CharField(
        max_length=500, blank=True, editable=False, help_text="What the last such call met."
    )
    retry_at = models.DateTimeField(null=True, editable=False, help_text="Nothing is asked before.")
    submit_failures = models.PositiveIntegerField(
        default=0, editable=False, help_text="Enqueues in a row that came to nothing."
    )
    submit_after = models.DateTimeField(null=True, editable=False, help_text="Nothing is sent before.")

    check_requested_at = models.DateTimeField(null=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    check_ok = models.BooleanField(null=True, editable=False)
    check_report = models.TextField(blank=True, editable=False)
    clock_offset = models.FloatField(
        null=True, editable=False, help_text="Seconds by which the hub's clock is ahead of ours."
    )
    models_synced_at = models.DateTimeField(null=True, editable=False)
    sync_error = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        ordering = ("-priority", "name")

    def __str__(self) -> str:
        return self.name


class ForeignGeneration(models.Model):
    """A generation in the hub's list that nobody here asked for: the namespace is shared.

    It is only counted, and never taken for one of ours that was posted after it was first seen.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="foreign_generations")
    upstream_id = models.CharField(max_length=100)
    model_name = models.CharField(max_length=200, blank=True)
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("connection", "upstream_id"), name="one_foreign_generation_per_id"
            )
        ]
        indexes = [models.Index(fields=("connection", "first_seen_at"), name="foreign_newest")]

    def __str__(self) -> str:
        return f"{self.model_name} {self.upstream_id}"
