"""Read the parameters and the number of generations from a submitted form."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from dashboard.composer.fields import UNSET, clean_text
from dashboard.composer.form import NUM_GENERATIONS, ComposerForm
from dashboard.composer.shots import parse_shots
from queueapp.errors import BadCount, BadParameters, BadRequest
from queueapp.params import Params, ensure_storable, validation_errors
from queueapp.services import generations


def validate(form: ComposerForm, upload_errors: Mapping[str, str]) -> tuple[Params, int]:
    """Return the parameters and the number of generations.

    Raise BadParameters with the errors of all fields, `upload_errors` included.
    """
    params: Params = {}
    count = 0
    errors: dict[str, str] = {}
    try:
        count = read_num_generations(form)
    except BadCount:
        errors[NUM_GENERATIONS] = f"Must be a whole number from 1 to {settings.DROVER_MAX_GENERATIONS}."
    try:
        params = read_params(form)
    except BadParameters as error:
        errors |= error.problems
    errors |= upload_errors
    if errors:
        raise BadParameters(errors)
    return params, count


def read_num_generations(form: ComposerForm) -> int:
    """Return the number of generations. Raise BadCount."""
    digits = form.num_generations.strip()
    is_number = digits.isascii() and digits.isdigit() and len(digits) < 10
    return generations.validate_count(int(digits) if is_number else digits)


def read_params(form: ComposerForm) -> Params:
    """Return the parameters that the user gave. Raise BadParameters with an error per field."""
    params, errors = _parse_fields(form)
    errors = {**validation_errors(form.schema, params), **_storage_errors(params), **errors}
    if len(errors) > 1:
        # The errors of the single parameters say more than the one about all of them.
        errors.pop("parameters", None)
    if errors:
        raise BadParameters(errors)
    return params


def _parse_fields(form: ComposerForm) -> tuple[Params, dict[str, str]]:
    """Return the values of all fields whose text can be parsed, and the errors of the others."""
    params: Params = {}
    errors: dict[str, str] = {}
    if form.has_prompt and (prompt := clean_text(form.prompt)):
        params["prompt"] = prompt
    if form.has_shots and form.shots:
        params["multi_prompt"], error = parse_shots(form.shots)
        if error:
            errors["multi_prompt"] = error
    for field in form.fields:
        try:
            value: Any = field.parse(form.text_of(field))
        except ValueError as parse_error:
            errors[field.name] = str(parse_error)
        else:
            if value is not UNSET:
                params[field.name] = value
    return params, errors


def _storage_errors(params: Params) -> dict[str, str]:
    errors: dict[str, str] = {}
    for name, value in params.items():
        try:
            ensure_storable(value)
        except BadRequest as error:
            errors[name] = error.detail
    return errors
