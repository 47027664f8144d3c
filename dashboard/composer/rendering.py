"""Render the composer."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from dashboard.composer import picker
from dashboard.composer.form import NUM_GENERATIONS, ComposerForm
from dashboard.composer.shots import Shot

#: Empty rows for shots, which a browser without scripts cannot add.
_EMPTY_SHOTS = 3
#: Errors about the form as a whole, shown without the name.
_GENERAL_ERRORS = ("model", "parameters")


def render_composer(form: ComposerForm) -> SafeString:
    """Render the content of the composer's form element."""
    selected = picker.option_value(form.model) if form.model else ""
    context = params_context(form) | {
        "prompt_error": form.errors.get("prompt", ""),
        "count_error": form.errors.get(NUM_GENERATIONS, ""),
        "other_errors": _other_errors(form),
        "model_options": picker.options_html(selected),
    }
    return render_to_string("generations/_composer.html", context)


def params_context(form: ComposerForm) -> dict[str, object]:
    """Return what the template of the model's fields needs."""
    basic = [bound for bound in form.bound_fields if bound.field.basic]
    more = [bound for bound in form.bound_fields if not bound.field.basic]
    shots_error = form.errors.get("multi_prompt", "")
    return {
        "form": form,
        "basic_media_fields": [bound for bound in basic if bound.field.is_media],
        "basic_fields": [bound for bound in basic if not bound.field.is_media],
        "more_fields": more,
        "more_open": any(bound.error or bound.text for bound in more),
        "shot_rows": form.shots + [Shot()] * _EMPTY_SHOTS,
        "shots_open": bool(form.shots or shots_error),
        "shots_error": shots_error,
    }


def _other_errors(form: ComposerForm) -> list[str]:
    """Return the errors that no field shows."""
    shown = {field.name for field in form.fields} | {NUM_GENERATIONS}
    if form.has_prompt:
        shown.add("prompt")
    if form.has_shots:
        shown.add("multi_prompt")
    return [
        text if name in _GENERAL_ERRORS else f"{name}: {text}"
        for name, text in form.errors.items()
        if name not in shown
    ]
