"""Fill the composer as an address asks for it, with defaults, a stored input, or an earlier submission."""

import hashlib
from uuid import UUID

from django.utils.safestring import SafeString, mark_safe

from dashboard.caching import cached
from dashboard.composer import picker
from dashboard.composer.form import NUM_GENERATIONS, PROMPT, UNPLACED_INPUTS, ComposerForm, FormData
from dashboard.composer.model_cookie import remembered_model
from dashboard.composer.placement import place_inputs
from dashboard.composer.rendering import render_composer
from dashboard.composer.shots import write_shots
from dashboard.composer.stored_inputs import references_in
from dashboard.requests import HtmxHttpRequest
from queueapp.errors import NotFound
from queueapp.models import MediaModel, Submission
from queueapp.params import PROMPT_PARAMETERS, Params
from queueapp.services import catalog, generations, inputs

#: The blank composer is the same for all users of a model, and is cached for this many seconds.
_CACHE_SECONDS = 10
_CACHE_KEY = "composer:blank:"


def composer_for_request(request: HtmxHttpRequest) -> SafeString:
    """Render the composer as the address asks for it.

    `from` is a generation to run again, `input` a stored input (`for` names the model to give it to),
    `prompt` a prompt. Otherwise the composer is blank, for the model that the user submitted last.
    Raise NotFound if the user cannot see the generation.
    """
    model_name = remembered_model(request)
    if generation_id := request.GET.get("from"):
        return render_composer(_form_from_generation(request, generation_id))
    if input_id := request.GET.get("input"):
        return render_composer(_form_with_input(request, input_id, request.GET.get("for", "")))
    if prompt := request.GET.get("prompt"):
        return render_composer(new_form(model_name, FormData({PROMPT: [prompt]})))
    return _render_blank_composer(model_name)


def new_form(model_name: str, data: FormData | None = None) -> ComposerForm:
    """Return a form for a model, or for the default model if it is not available.

    Fields without text start with the defaults that the admin chose for the model.
    """
    form = ComposerForm(picker.find_model(model_name), data)
    defaults = catalog.valid_defaults(form.model) if form.model else {}
    for field in form.fields:
        if field.name in defaults and not form.text_of(field):
            form.set_values(field, field.format(defaults[field.name]))
    return form


def form_from_params(model: MediaModel | None, params: Params, num_generations: int) -> ComposerForm:
    """Return a form with what was submitted before."""
    form = ComposerForm(model)
    form.data[NUM_GENERATIONS] = str(num_generations)
    if isinstance(prompt := params.get("prompt"), str):
        form.data[PROMPT] = prompt
    write_shots(form.data, params.get("multi_prompt"))
    for field in form.fields:
        if field.name in params:
            form.set_values(field, field.format(params[field.name]))
    known = {*PROMPT_PARAMETERS, *(field.name for field in form.fields)}
    if unknown := [name for name in params if name not in known]:
        form.errors["parameters"] = f"Left out, because this form has no field for it: {', '.join(unknown)}."
    return form


def _render_blank_composer(model_name: str) -> SafeString:
    # Names come from a cookie, so their length and characters are not limited.
    key = _CACHE_KEY + hashlib.sha256(model_name.encode(errors="replace")).hexdigest()
    html = cached(key, _CACHE_SECONDS, lambda: str(render_composer(new_form(model_name))))
    return mark_safe(html)  # noqa: S308


def _form_with_input(request: HtmxHttpRequest, input_id: str, model_name: str) -> ComposerForm:
    form = new_form(model_name, FormData({UNPLACED_INPUTS: [f"{inputs.REFERENCE_PREFIX}{input_id}"]}))
    place_inputs(form, request.user)
    return form


def _form_from_generation(request: HtmxHttpRequest, generation_id: str) -> ComposerForm:
    try:
        generation = generations.get_generation(UUID(generation_id), request.user)
    except ValueError:
        raise NotFound("There is no such generation.") from None
    submission: Submission = generation.submission
    model = picker.find_model(picker.option_value(generation.model))
    form = form_from_params(model, submission.params, submission.num_generations)
    if model != generation.model:
        name = generation.model.display_name
        form.errors["model"] = f"{name} is not available. Check the settings of the model below."
        form.data.setlist(UNPLACED_INPUTS, references_in(submission.params))
        place_inputs(form, request.user)
    return form
