"""The admin form for a hub account."""

from typing import Any

from django import forms

from queueapp.models import Connection
from queueapp.services.hubs import accounts, validation

#: Fields of every connection, and fields of hub accounts only.
USAGE_FIELDS = ("enabled", "capacity", "priority")
ACCOUNT_FIELDS = ("base_url", "new_key", "namespace", "public_url")


class HubForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form for a hub account. It accepts a key and never shows the stored one."""

    new_key = forms.CharField(
        label="Key",
        required=False,
        help_text="Leave empty to keep the stored key. Keys are encrypted and never shown.",
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "new-password", "class": "vTextField"}
        ),
    )

    class Meta:
        model = Connection
        fields = ("name", *USAGE_FIELDS, "base_url", "namespace", "public_url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "namespace" in self.fields:
            # Compares the input with what the form showed: a check may fill in the namespace meanwhile.
            self.fields["namespace"].show_hidden_initial = True
        if self.instance.pk is None and "new_key" in self.fields:
            self._require("base_url", "Enter the hub's address, for example https://hub.oxen.ai")
            self._require("new_key", "Enter the key of the hub account.")
            self.fields["new_key"].help_text = "Keys are encrypted and never shown."

    def _require(self, field: str, message: str) -> None:
        self.fields[field].required = True
        self.fields[field].error_messages["required"] = message

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        connection = self.instance if self.instance.pk else None
        for field, message in validation.account_errors(connection, self._account_values(cleaned)).items():
            self.add_error("new_key" if field == "key" else field, message)
        return cleaned

    def save_account(self) -> Connection:
        """Create or update the connection of a valid form."""
        usage = {field: self.cleaned_data[field] for field in USAGE_FIELDS}
        return accounts.save_account(
            self.instance.name,
            **self._account_values(self.cleaned_data),
            **({} if self.instance.pk else usage),
        )

    def _account_values(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        fields = {name: cleaned[name] for name in ("base_url", "namespace", "public_url") if name in cleaned}
        if "namespace" not in self.changed_data:
            fields.pop("namespace", None)
        return fields | {"key": cleaned.get("new_key") or None}
