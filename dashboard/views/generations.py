"""The queue: composing, the live table, one generation."""

from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import quote, unquote
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from dashboard import detail, media_fields, notices, picker, table, uploads, versions
from dashboard.access import person, signed_in
from dashboard.forms import Composer
from queueapp.errors import BadCount, BadParameters, DroverError, NotFound
from queueapp.models import Generation, Namespace, Submission
from queueapp.services import accounts, catalog, downloads, generations
from queueapp.services.inputs import REFERENCE_PREFIX
from queueapp.states import STATE_GROUPS

#: Remembers which model somebody used last.
MODEL_COOKIE = "drover_model"
_MODEL_COOKIE_AGE = 180 * 24 * 3600
_SLOWEST_REFRESH, _FASTEST_REFRESH = 60, 2


@signed_in
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The composer above the live table."""
    return _index(request, _composer_html(request))


def _composer_html(request: HttpRequest) -> str:
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


def _with_input(input_id: str, request: HttpRequest) -> Composer:
    """Blank but for one stored input, for the model that the address names."""
    typed = QueryDict(mutable=True)
    typed[media_fields.KEPT] = f"{REFERENCE_PREFIX}{input_id}"
    composer = Composer(picker.model_for(request.GET.get("for", "")), typed).begin()
    uploads.carry(request, composer)
    return composer


def _again(generation_id: str, request: HttpRequest) -> Composer:
    try:
        found = generations.get_generation(UUID(generation_id), person(request))
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


def _index(request: HttpRequest, composer: str, status: int = 200) -> HttpResponse:
    filters = table.Filters.read(request.GET)
    # Versions are read before the rows: what changes in between is told twice, never missed.
    namespaces = accounts.visible_namespaces(person(request))
    token = versions.Token.of(namespaces)
    page = table.page(namespaces, filters)
    context = _live(namespaces) | {
        "composer": composer,
        "filters": filters,
        "groups": STATE_GROUPS,
        "filter_models": picker.filter_html(filters.model),
        "page": page,
        "token": token,
        "refresh": _refresh(request),
    }
    response = render(request, "generations/index.html", context, status=status)
    response["Cache-Control"] = "private, no-cache"
    return response


def _live(namespaces: Sequence[Namespace]) -> dict[str, object]:
    """What the table and its polls tell beside the rows."""
    going = versions.going(namespaces)
    return {
        "going": going,
        "restless": versions.restless(namespaces),
        "held_up": notices.held_up(namespaces) if going else [],
        "now": timezone.now(),
    }


def _refresh(request: HttpRequest) -> int:
    """Seconds after which a page without scripts loads itself again; 0 for never."""
    wanted = request.GET.get("refresh", "")
    if not wanted.isascii() or not wanted.isdigit():
        return 0
    return min(max(int(wanted[:4]), _FASTEST_REFRESH), _SLOWEST_REFRESH)


@signed_in
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """What has changed since the page last asked; 204 when nothing has."""
    namespaces = accounts.visible_namespaces(person(request))
    token = versions.Token.of(namespaces)
    since = versions.Token.read(request.GET.get("since", ""))
    if since == token:
        return HttpResponse(status=204)
    filters = table.Filters.read(request.GET)
    context = _live(namespaces) | {
        "changes": table.changes(namespaces, since, filters),
        "filters": filters,
        "token": token,
    }
    return render(request, "generations/_changes.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def params(request: HttpRequest) -> HttpResponse:
    """The fields of the chosen model, with what was typed kept; without scripts, the whole page with them."""
    typed = request.POST if request.method == "POST" else request.GET
    composer = Composer(picker.model_for(typed.get("model", "")), typed).begin()
    uploads.carry(request, composer)
    if not request.htmx:  # type: ignore[attr-defined]
        uploads.without(composer, typed.get("without", ""))
        composer.errors = uploads.take(request, composer)
        return _index(request, picker.composer_html(composer))
    return render(request, "generations/_params.html", {"composer": composer})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest) -> HttpResponse:
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


def _enqueue(request: HttpRequest, composer: Composer) -> list[Generation]:
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
    caller = generations.Caller(person(request), Submission.Source.PAGE)
    return generations.enqueue(caller, request.POST.get("model", ""), given, num_generations=count)


def _submitted(request: HttpRequest, ids: list[str]) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
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


def _refused(request: HttpRequest, composer: Composer) -> HttpResponse:
    if composer.model is None:
        composer = Composer(picker.model_for(""), composer.typed, composer.errors)
    html = picker.composer_html(composer)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "generations/_composer_form.html", {"composer": html}, status=422)
    return _index(request, html, status=422)


@signed_in
@require_POST
def cancel(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """Ask for a generation to be stopped; one that has ended meanwhile is shown as it is."""
    user = person(request)
    found = generations.get_generation(generation_id, user)
    try:
        generations.cancel(found, user)
    except NotFound as error:
        if request.htmx:  # type: ignore[attr-defined]
            return trigger_client_event(HttpResponse(status=204), "drover:told", {"text": error.detail})
    if request.htmx:  # type: ignore[attr-defined]
        return trigger_client_event(HttpResponse(status=204), "drover:wake")
    return redirect(_back(request))


@signed_in
@require_POST
def fetch_again(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """Try now to store a result that could not be stored; nothing happens where that has come about."""
    with suppress(NotFound):
        downloads.retry_now(generations.get_generation(generation_id, person(request)))
    if request.htmx:  # type: ignore[attr-defined]
        return trigger_client_event(HttpResponse(status=204), "drover:wake")
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page of ours that somebody came from, or the table."""
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return came_from
    return reverse("index")


@signed_in
@require_safe
def generation(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """One generation: its result, its parameters, its timeline."""
    # The version is read before the row: what changes in between is told twice, never missed.
    latest = detail.latest_version(generation_id)
    found = generations.get_generation(generation_id, person(request))
    context = _detail(found, latest) | {
        "title": detail.title_of(found),
        "curl": detail.curl_of(found.submission, request.build_absolute_uri("/api/ai/queue")),
    }
    response = render(request, "generations/detail.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response


def _detail(found: Generation, latest: int) -> dict[str, object]:
    return {"detail": detail.detail_of(found), "latest": latest, "now": timezone.now()}


@signed_in
@require_safe
def status(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """The live part of one generation's page; 204 when neither it nor a sibling has changed."""
    latest = detail.latest_version(generation_id)
    found = generations.get_generation(generation_id, person(request))
    since = request.GET.get("since", "")[:18]
    if since == str(latest):
        return HttpResponse(status=204)
    seen = int(since) if since.isascii() and since.isdigit() else -1
    # A video that plays is not to be replaced because of a sibling.
    context = _detail(found, latest) | {"own": found.version > seen}
    return render(request, "generations/_status.html", context)
