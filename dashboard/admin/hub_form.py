"""The form of a hub's account."""

from typing import Any

from django import forms

from queueapp.models import Connection
from queueapp.services.hubs import accounts

#: What every connection has, and what only a hub's account has.
OURS = ("enabled", "capacity", "priority")
ACCOUNT = ("base_url", "new_key", "namespace", "public_url")


class HubForm(forms.ModelForm):  # type: ignore[type-arg]
    """A hub's account. Its key goes in and never comes out."""

    new_key = forms.CharField(
        label="Key",
        required=False,
        help_text="Leave empty to keep the key that is there. It is encrypted and never shown again.",
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "new-password", "class": "vTextField"}
        ),
    )

    class Meta:
        model = Connection
        fields = ("name", *OURS, "base_url", "namespace", "public_url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "namespace" in self.fields:
            # What was shown comes back with the form: a check may fill it in while the form is open.
            self.fields["namespace"].show_hidden_initial = True
        if self.instance.pk is None and "new_key" in self.fields:
            self._want("base_url", "A hub has an address, for example https://hub.oxen.ai")
            self._want("new_key", "A new connection needs the key of the hub's account.")
            self.fields["new_key"].help_text = "It is encrypted and never shown again."

    def _want(self, field: str, words: str) -> None:
        self.fields[field].required = True
        self.fields[field].error_messages["required"] = words

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        found = self.instance if self.instance.pk else None
        for field, words in accounts.account_errors(found, self._given(told)).items():
            self.add_error("new_key" if field == "key" else field, words)
        return told

    def save_account(self) -> Connection:
        """Create or change the connection. Call it for a form that is valid."""
        ours = {field: self.cleaned_data[field] for field in OURS}
        return accounts.save_account(
            self.instance.name, **self._given(self.cleaned_data), **({} if self.instance.pk else ours)
        )

    def _given(self, told: dict[str, Any]) -> dict[str, Any]:
        fields = {name: told[name] for name in ("base_url", "namespace", "public_url") if name in told}
        if "namespace" not in self.changed_data:
            fields.pop("namespace", None)
        return fields | {"key": told.get("new_key") or None}
