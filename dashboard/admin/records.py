"""What was stored and noted: results, inputs, events. Evidence, so it is only read."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.admin.base import NOTHING, FindsById, ModelAdmin, ReadOnly, link_to, page_of, size
from dashboard.admin.filters import InUse
from queueapp.files import media, storage
from queueapp.models import Event, Generation, Input, Result


def thumbnail_of(result: Result | None) -> SafeString | str:
    """The small picture of a result, which leads to the whole of it."""
    if result is None or not result.thumbnail:
        return NOTHING
    return format_html(
        '<a href="{}"><img class="drover-thumbnail" src="{}" alt="Open the result" loading="lazy"></a>',
        page_of(Result, result.pk),
        reverse("admin:queueapp_result_thumbnail", args=[result.pk]),
    )


def _link_to_generation(key: UUID) -> SafeString:
    return format_html('<a href="{}">{}</a>', page_of(Generation, key), key)


@admin.register(Result)
class ResultAdmin(FindsById, ReadOnly, ModelAdmin[Result]):
    list_display = ("thumbnail_", "generation_", "content_type", "bytes", "extent", "length", "created_at")
    list_display_links = ("content_type",)
    search_fields = ("generation__id__startswith", "file")
    search_help_text = "Id of the generation or its beginning, name of the file"
    ordering = ("-created_at", "-pk")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    fields = (
        "whole",
        "generation_",
        "content_type",
        "bytes",
        "extent",
        "length",
        "file",
        "thumbnail",
        "created_at",
    )

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:key>/file/", guard(self.file_view), name="queueapp_result_file"),
            path("<uuid:key>/thumbnail/", guard(self.thumbnail_view), name="queueapp_result_thumbnail"),
            *super().get_urls(),
        ]

    def file_view(self, request: HttpRequest, key: UUID) -> FileResponse:
        """The stored result, as the type its bytes were found to be."""
        result = self._visible(request, key)
        return _answer(result.file, result.content_type)

    def thumbnail_view(self, request: HttpRequest, key: UUID) -> FileResponse:
        """The stored result's small picture."""
        return _answer(self._visible(request, key).thumbnail, "image/webp")

    def _visible(self, request: HttpRequest, key: UUID) -> Result:
        if not self.has_view_permission(request):
            raise PermissionDenied
        result = Result.objects.filter(pk=key).first()
        if result is None:
            raise Http404
        return result

    @admin.display(description="result")
    def thumbnail_(self, result: Result) -> SafeString | str:
        return thumbnail_of(result)

    @admin.display(description="result")
    def whole(self, result: Result) -> SafeString:
        # A person's own pages show only what is theirs, so the admin serves the file itself.
        where = reverse("admin:queueapp_result_file", args=[result.pk])
        if result.content_type.startswith("video/"):
            return format_html('<video class="drover-result" src="{}" controls loop></video>', where)
        return format_html('<img class="drover-result" src="{}" alt="The result">', where)

    @admin.display(description="generation", ordering="pk")
    def generation_(self, result: Result) -> SafeString:
        return _link_to_generation(result.pk)

    @admin.display(description="size", ordering="size")
    def bytes(self, result: Result) -> str:
        return size(result.size)

    @admin.display(description="pixels")
    def extent(self, result: Result) -> str:
        return f"{result.width} × {result.height}"

    @admin.display(description="length", ordering="seconds")
    def length(self, result: Result) -> str:
        return NOTHING if result.seconds is None else f"{result.seconds:.1f} s"


def _answer(name: str, content_type: str) -> FileResponse:
    shown = content_type in media.CONTENT_TYPES
    if not name:
        raise Http404
    try:
        file = storage.open_file(name)
    except (FileNotFoundError, ValueError):
        raise Http404 from None
    return FileResponse(
        file, as_attachment=not shown, content_type=content_type if shown else "application/octet-stream"
    )


@admin.register(Input)
class InputAdmin(FindsById, ReadOnly, ModelAdmin[Input]):
    list_display = ("id", "namespace", "content_type", "bytes", "created_at")
    list_filter = (("namespace", InUse),)
    list_select_related = ("namespace",)
    search_fields = ("id__startswith", "namespace__name", "content_type")
    search_help_text = "Id or its beginning, namespace, type"
    ordering = ("-created_at", "-pk")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fields = ("id", "namespace_", "content_type", "bytes", "file", "created_at")

    @admin.display(description="size", ordering="size")
    def bytes(self, row: Input) -> str:
        return size(row.size)

    @admin.display(description="namespace")
    def namespace_(self, row: Input) -> SafeString | str:
        return link_to(row.namespace)


@admin.register(Event)
class EventAdmin(FindsById, ReadOnly, ModelAdmin[Event]):
    """Everything that was noted, the newest first by key: the one order that needs no sorting."""

    list_display = ("at", "kind", "state", "user", "text", "generation_")
    list_filter = ("state", ("user", InUse))
    list_select_related = ("user",)
    search_fields = ("kind", "text", "user__username")
    search_help_text = "Whole id of a generation, kind, text, person"
    ordering = ("-id",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fields = ("at", "kind", "state", "user_", "text", "generation_")

    def by_id(self, wanted: UUID) -> Q:
        return Q(generation=wanted)

    @admin.display(description="generation")
    def generation_(self, event: Any) -> SafeString:
        return _link_to_generation(event.generation_id)

    @admin.display(description="person")
    def user_(self, event: Event) -> SafeString | str:
        return link_to(event.user)
