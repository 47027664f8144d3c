"""Change the composer's model, and submit it."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from dashboard.access import sign_in_required
from dashboard.composer import picker
from dashboard.composer.form import ComposerForm
from dashboard.composer.model_cookie import remember_model
from dashboard.composer.placement import place_inputs
from dashboard.composer.prefill import new_form
from dashboard.composer.rendering import params_context, render_composer
from dashboard.composer.uploads import store_uploads
from dashboard.composer.validation import validate
from dashboard.queue_page import render_queue
from dashboard.requests import HtmxHttpRequest
from queueapp.errors import BadParameters, DroverError
from queueapp.models import Generation, Submission
from queueapp.services import catalog, generations


@sign_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def params(request: HtmxHttpRequest) -> HttpResponse:
    """Show the fields of the chosen model with the text of the form; without scripts, in the whole page."""
    data = request.POST if request.method == "POST" else request.GET
    form = new_form(data.get("model", ""), data)
    place_inputs(form, request.user)
    if request.htmx:
        return render(request, "generations/_params.html", params_context(form))
    if removed := data.get("remove"):
        html_name, _, value = removed.rpartition(" ")
        form.remove_value(html_name, value)
    form.errors = store_uploads(request, form)
    return render_queue(request, render_composer(form))


@sign_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HtmxHttpRequest) -> HttpResponse:
    """Enqueue what the form asks for, or show the form again with its errors."""
    if request.method != "POST":
        return redirect("index")
    model_name = request.POST.get("model", "")
    form = ComposerForm(None, request.POST)
    try:
        form = ComposerForm(catalog.find_media(model_name), request.POST)
        submitted = _enqueue(request, form, model_name)
    except BadParameters as error:
        form.errors = error.problems
    except DroverError as error:
        form.errors = {"parameters": error.detail}
    else:
        return _success(request, submitted, model_name)
    return _invalid(request, form)


def _enqueue(request: HtmxHttpRequest, form: ComposerForm, model_name: str) -> list[Generation]:
    upload_errors = store_uploads(request, form)
    parameters, count = validate(form, upload_errors)
    caller = generations.Caller(request.user, Submission.Source.PAGE)
    return generations.enqueue(caller, model_name, parameters, num_generations=count)


def _success(request: HtmxHttpRequest, submitted: list[Generation], model_name: str) -> HttpResponse:
    response = HttpResponse(status=204) if request.htmx else redirect("index")
    if request.htmx:
        ids = [str(generation.pk) for generation in submitted]
        trigger_client_event(response, "drover:submitted", {"ids": ids})
    remember_model(response, model_name)
    return response


def _invalid(request: HtmxHttpRequest, form: ComposerForm) -> HttpResponse:
    if form.model is None:
        form = ComposerForm(picker.find_model(""), form.data, form.errors)
    html = render_composer(form)
    if request.htmx:
        return render(request, "generations/_composer_form.html", {"composer": html}, status=422)
    return render_queue(request, html, status=422)
