"""Connections to backends, and the foreign generations seen in their lists."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now

from queueapp.models.fields import Encrypted, EncryptedTextField


class Connection(models.Model):
    """One backend: the built-in engine, or an account of an upstream hub.

    The workers write the fields from `stop_reason` on; admins only read them.
    """

    class Kind(models.TextChoices):
        BUILTIN = "builtin", "Built-in engine"
        UPSTREAM = "upstream", "Upstream hub"

    class Revision(models.TextChoices):
        UNKNOWN = "", "Unknown"
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
        default=True, help_text="When off, nothing new is sent to it and its models cannot be chosen."
    )
    priority = models.IntegerField(
        default=0,
        help_text="If two connections offer a model of the same name, the higher priority is used.",
    )
    capacity = models.PositiveSmallIntegerField(
        default=8, validators=[MinValueValidator(1)], help_text="Maximum number of generations in progress."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    base_url = models.CharField(
        "address",
        max_length=300,
        blank=True,
        help_text="Base URL of the hub, for example https://hub.oxen.ai",
    )
    key = EncryptedTextField(blank=True, default=Encrypted, editable=False)
    namespace = models.CharField(
        max_length=150,
        blank=True,
        help_text="The namespace at the hub that owns and pays for the generations. "
        "If empty, Drover asks the hub for the namespace of the key.",
    )
    public_url = models.CharField(
        "public address of this Drover",
        max_length=300,
        blank=True,
        help_text="Base URL at which the hub can reach this Drover, for example https://drover.example.com. "
        "If set, inputs are sent as links that expire. If empty, whole files are sent.",
    )
    revision = models.CharField(max_length=10, choices=Revision, blank=True, editable=False)
    supports_events = models.BooleanField(null=True, editable=False, help_text="Null until it was tried.")

    stop_reason = models.CharField(max_length=10, choices=StopReason, blank=True, editable=False)
    stop_message = models.CharField(max_length=500, blank=True, editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)
    consecutive_failures = models.PositiveIntegerField(
        default=0, editable=False, help_text="Calls that failed in a row."
    )
    last_error = models.CharField(
        max_length=500, blank=True, editable=False, help_text="Error of the last failed call."
    )
    retry_at = models.DateTimeField(null=True, editable=False, help_text="No call is made before this time.")
    submit_failures = models.PositiveIntegerField(
        default=0, editable=False, help_text="Enqueue calls that failed in a row."
    )
    submit_after = models.DateTimeField(
        null=True, editable=False, help_text="Nothing new is sent before this time."
    )

    check_requested_at = models.DateTimeField(null=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    check_ok = models.BooleanField(null=True, editable=False)
    check_report = models.TextField(blank=True, editable=False)
    clock_offset = models.FloatField(
        null=True, editable=False, help_text="Seconds by which the hub's clock is ahead of this machine's."
    )
    models_synced_at = models.DateTimeField(null=True, editable=False)
    sync_error = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        ordering = ("-priority", "name")

    def __str__(self) -> str:
        return self.name


class ForeignGeneration(models.Model):
    """A generation in the hub's list that was not submitted here, because others use the namespace too.

    It is only counted. A generation that was posted after `first_seen_at` cannot be this one.
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
