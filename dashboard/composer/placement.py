"""Move stored inputs into fields of the chosen model that accept them."""

from collections.abc import Iterable

from django.contrib.auth.models import User

from dashboard.composer.bound_fields import PARAM_PREFIX
from dashboard.composer.fields import Field
from dashboard.composer.form import UNPLACED_INPUTS, ComposerForm
from dashboard.composer.stored_inputs import kinds_of
from queueapp.services import inputs


def place_inputs(form: ComposerForm, user: User) -> None:
    """Put each stored input that no field shows into a field for its kind.

    An input without a free field stays in the form as unplaced. Other users' inputs are dropped.
    """
    references = _references_without_field(form)
    kinds = kinds_of(references, user)
    unplaced = [
        reference
        for reference in references
        if reference in kinds and not _place(form, reference, kinds[reference])
    ]
    form.data.setlist(UNPLACED_INPUTS, unplaced)


def best_field(fields: Iterable[Field], media_kind: str) -> Field | None:
    """Return the field that takes media of a kind, a required one first; None if there is none."""
    accepting = [field for field in fields if field.is_media and field.file_kind == media_kind]
    return min(accepting, key=lambda field: not field.required, default=None)


def _references_without_field(form: ComposerForm) -> list[str]:
    """Return the references in the form that no field of its model shows, each once."""
    shown = {line for field in form.media_fields for line in form.text_of(field).split("\n")}
    texts = [
        text
        for name, values in form.data.lists()
        if name.startswith((PARAM_PREFIX, UNPLACED_INPUTS))
        for text in values
    ]
    lines = dict.fromkeys(line for text in texts for line in text.split("\n"))
    return [line for line in lines if inputs.parse_reference(line) and line not in shown]


def _place(form: ComposerForm, reference: str, media_kind: str) -> bool:
    """Add a reference to the field for its kind. Return False if no field can take it."""
    field = best_field(form.media_fields, media_kind)
    if field is None:
        return False
    text = form.text_of(field)
    if text and not field.is_list:
        return False
    form.set_values(field, f"{text}\n{reference}".strip())
    return True
