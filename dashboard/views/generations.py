"""Show one generation with its live updates; cancel it, or retry the download of its result."""

from contextlib import suppress
from urllib.parse import quote, unquote
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from dashboard import media_fields, picker, uploads
from dashboard.access import sign_in_required
from dashboard.detail.page import build_detail, load_latest_version, page_title
from dashboard.detail.parameters import curl_command
from dashboard.forms import Composer
from dashboard.queue_page import render_queue
from dashboard.requests import HtmxHttpRequest
from queueapp.errors import BadCount, BadParameters, DroverError, NotFound
from queueapp.models import Generation, Submission
from queueapp.services import catalog, downloads, generations
from queueapp.services.inputs import REFERENCE_PREFIX


@sign_in_required
@require_safe
def generation(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponse:
    """Show one generation: its result, its parameters, its timeline."""
    # Read the version before the row: a change in between is sent again with the next poll, never missed.
    version = load_latest_version(generation_id)
    found = generations.get_generation(generation_id, request.user)
    context = {
        "title": page_title(found),
        "curl": curl_command(found.submission, request.build_absolute_uri("/api/ai/queue")),
        **_detail_context(found, version),
    }
    response = render(request, "generations/detail.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response


@sign_in_required
@require_safe
def status(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponse:
    """Answer with the live parts of the page; 204 if nothing of the submission changed since `since`."""
    version = load_latest_version(generation_id)
    found = generations.get_generation(generation_id, request.user)
    since = request.GET.get("since", "")[:18]
    if since == str(version):
        return HttpResponse(status=204)
    seen = int(since) if since.isascii() and since.isdigit() else -1
    # Replacing the result would stop a playing video, so a change to another generation does not.
    context = {"has_changed": found.version > seen, **_detail_context(found, version)}
    return render(request, "generations/_status.html", context)


def _detail_context(found: Generation, version: int) -> dict[str, object]:
    detail = build_detail(found)
    return {
        "detail": detail,
        "version": version,
        "pending_count": detail.pending_count,
        "now": timezone.now(),
    }


@sign_in_required
@require_POST
def cancel(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponse:
    """Ask for a generation to be stopped. If it has ended already, htmx gets a message to show."""
    found = generations.get_generation(generation_id, request.user)
    try:
        generations.cancel(found, request.user)
    except NotFound as error:
        if request.htmx:
            return trigger_client_event(HttpResponse(status=204), "drover:message", {"text": error.detail})
    return _refresh_or_redirect(request)


@sign_in_required
@require_POST
def retry_download(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponse:
    """Retry the download of a result now; nothing happens if it has been stored meanwhile."""
    with suppress(NotFound):
        downloads.retry_now(generations.get_generation(generation_id, request.user))
    return _refresh_or_redirect(request)


def _refresh_or_redirect(request: HtmxHttpRequest) -> HttpResponse:
    """Make the page poll at once; without scripts, redirect to the page that the request came from."""
    if request.htmx:
        return trigger_client_event(HttpResponse(status=204), "drover:refresh")
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return redirect(referer)
    return redirect("index")


#: Remembers which model somebody used last.
MODEL_COOKIE = "drover_model"
_MODEL_COOKIE_AGE = 180 * 24 * 3600


def _composer_html(request: HtmxHttpRequest) -> str:
    """The composer as this address asks for it: blank, with a prompt, or filled from a generation."""
    model = unquote(request.COOKIES.get(MODEL_COOKIE, ""))
    if source := request.GET.get("from"):
        return picker.composer_html(_again(source, request))
    if stored := request.GET.get("input"):
        return picker.composer_html(_with_input(stored, request))
    if prompt := request.GET.get("prompt"):
        typed = QueryDict(mutable=True)
        typed["prompt"] = prompt
        return picker.composer_html(Composer(picker.model_for(model), typed).begin())
    return picker.blank_composer_html(model)


def _with_input(input_id: str, request: HtmxHttpRequest) -> Composer:
    """Blank but for one stored input, for the model that the address names."""
    typed = QueryDict(mutable=True)
    typed[media_fields.KEPT] = f"{REFERENCE_PREFIX}{input_id}"
    composer = Composer(picker.model_for(request.GET.get("for", "")), typed).begin()
    uploads.carry(request, composer)
    return composer


def _again(generation_id: str, request: HtmxHttpRequest) -> Composer:
    try:
        found = generations.get_generation(UUID(generation_id), request.user)
    except ValueError:
        raise NotFound("There is no such generation.") from None
    submission = found.submission
    model = picker.model_for(picker.value_of(found.model))
    composer = Composer.again(model, submission.params, submission.num_generations)
    if model != found.model:
        composer.errors["model"] = (
            f"{found.model.display_name} is not offered now. Check what this one takes."
        )
        composer.typed.setlist(media_fields.KEPT, media_fields.stored_in(submission.params))
        uploads.carry(request, composer)
    return composer


@sign_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def params(request: HtmxHttpRequest) -> HttpResponse:
    """The fields of the chosen model, with what was typed kept; without scripts, the whole page with them."""
    typed = request.POST if request.method == "POST" else request.GET
    composer = Composer(picker.model_for(typed.get("model", "")), typed).begin()
    uploads.carry(request, composer)
    if not request.htmx:
        uploads.without(composer, typed.get("without", ""))
        composer.errors = uploads.take(request, composer)
        return render_queue(request, picker.composer_html(composer))
    return render(request, "generations/_params.html", {"composer": composer})


@sign_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HtmxHttpRequest) -> HttpResponse:
    """Put what was composed into the queue; what is wrong with it is said at the fields."""
    if request.method != "POST":
        return redirect("index")
    composer = Composer(None, request.POST)
    try:
        composer = Composer(catalog.find_media(request.POST.get("model", "")), request.POST)
        made = _enqueue(request, composer)
    except BadParameters as error:
        composer.errors = error.problems
    except DroverError as error:
        composer.errors = {"parameters": error.detail}
    else:
        return _submitted(request, [str(generation.pk) for generation in made])
    return _refused(request, composer)


def _enqueue(request: HtmxHttpRequest, composer: Composer) -> list[Generation]:
    """Everything that is wrong is told at once."""
    wrong: dict[str, str] = {}
    try:
        count = generations.validate_count(composer.read_count())
    except BadCount:
        wrong["num_generations"] = f"a whole number from 1 to {composer.most}."
    files_wrong = uploads.take(request, composer)
    try:
        given = composer.read()
    except BadParameters as error:
        wrong |= error.problems
    wrong |= files_wrong
    if wrong:
        raise BadParameters(wrong)
    caller = generations.Caller(request.user, Submission.Source.PAGE)
    return generations.enqueue(caller, request.POST.get("model", ""), given, num_generations=count)


def _submitted(request: HtmxHttpRequest, ids: list[str]) -> HttpResponse:
    if request.htmx:
        response = HttpResponse(status=204)
        trigger_client_event(response, "drover:submitted", {"ids": ids})
    else:
        response = redirect("index")
    response.set_cookie(
        MODEL_COOKIE,
        quote(request.POST.get("model", "")),  # A header that is not ASCII signs people out.
        max_age=_MODEL_COOKIE_AGE,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


def _refused(request: HtmxHttpRequest, composer: Composer) -> HttpResponse:
    if composer.model is None:
        composer = Composer(picker.model_for(""), composer.typed, composer.errors)
    html = picker.composer_html(composer)
    if request.htmx:
        return render(request, "generations/_composer_form.html", {"composer": html}, status=422)
    return render_queue(request, html, status=422)
