"""Show results, inputs and events, read-only."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.admin.base import EMPTY, ModelAdmin, ReadOnlyMixin, SearchByIdMixin, change_url, link_column
from dashboard.admin.filters import InUseFilter
from dashboard.formatting import format_bytes
from queueapp.files import media, storage
from queueapp.models import Event, Generation, Input, Result


def link_to_result(result: Result | None) -> SafeString | str:
    """Return a result's thumbnail as a link to the result."""
    if result is None or not result.thumbnail:
        return EMPTY
    return format_html(
        '<a href="{}"><img class="drover-thumbnail" src="{}" alt="Open the result" loading="lazy"></a>',
        change_url(Result, result.pk),
        reverse("admin:queueapp_result_thumbnail", args=[result.pk]),
    )


def _link_to_generation(key: UUID) -> SafeString:
    return format_html('<a href="{}">{}</a>', change_url(Generation, key), key)


@admin.register(Result)
class ResultAdmin(SearchByIdMixin, ReadOnlyMixin, ModelAdmin[Result]):
    list_display = (
        "thumbnail_link",
        "generation_link",
        "content_type",
        "bytes",
        "dimensions",
        "length",
        "created_at",
    )
    list_display_links = ("content_type",)
    search_fields = ("generation__id__startswith", "file")
    search_help_text = "Id of the generation or its beginning, name of the file"
    ordering = ("-created_at", "-pk")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    fields = (
        "preview",
        "generation_link",
        "content_type",
        "bytes",
        "dimensions",
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
        """Serve a stored result with the content type that its bytes have."""
        result = self._get_result(request, key)
        return _file_response(result.file, result.content_type)

    def thumbnail_view(self, request: HttpRequest, key: UUID) -> FileResponse:
        """Serve the thumbnail of a stored result."""
        return _file_response(self._get_result(request, key).thumbnail, "image/webp")

    def _get_result(self, request: HttpRequest, key: UUID) -> Result:
        if not self.has_view_permission(request):
            raise PermissionDenied
        result = Result.objects.filter(pk=key).first()
        if result is None:
            raise Http404
        return result

    @admin.display(description="result")
    def thumbnail_link(self, result: Result) -> SafeString | str:
        return link_to_result(result)

    @admin.display(description="result")
    def preview(self, result: Result) -> SafeString:
        # The result page shows a user only their own results, so the admin serves the file itself.
        url = reverse("admin:queueapp_result_file", args=[result.pk])
        if media.kind_of(result.content_type) == "video":
            return format_html('<video class="drover-result" src="{}" controls loop></video>', url)
        return format_html('<img class="drover-result" src="{}" alt="The result">', url)

    @admin.display(description="generation", ordering="pk")
    def generation_link(self, result: Result) -> SafeString:
        return _link_to_generation(result.pk)

    @admin.display(description="size", ordering="size")
    def bytes(self, result: Result) -> str:
        return format_bytes(result.size)

    @admin.display(description="pixels")
    def dimensions(self, result: Result) -> str:
        return f"{result.width} × {result.height}"

    @admin.display(description="length", ordering="seconds")
    def length(self, result: Result) -> str:
        return EMPTY if result.seconds is None else f"{result.seconds:.1f} s"


def _file_response(name: str, content_type: str) -> FileResponse:
    is_known = content_type in media.CONTENT_TYPES
    if not name:
        raise Http404
    try:
        file = storage.open_file(name)
    except (FileNotFoundError, ValueError):
        raise Http404 from None
    return FileResponse(
        file,
        as_attachment=not is_known,
        content_type=content_type if is_known else "application/octet-stream",
    )


@admin.register(Input)
class InputAdmin(SearchByIdMixin, ReadOnlyMixin, ModelAdmin[Input]):
    list_display = ("id", "namespace", "content_type", "bytes", "created_at")
    list_filter = (("namespace", InUseFilter),)
    list_select_related = ("namespace",)
    search_fields = ("id__startswith", "namespace__name", "content_type")
    search_help_text = "Id or its beginning, namespace, type"
    ordering = ("-created_at", "-pk")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fields = ("id", "namespace_link", "content_type", "bytes", "file", "created_at")
    namespace_link = link_column("namespace")

    @admin.display(description="size", ordering="size")
    def bytes(self, row: Input) -> str:
        return format_bytes(row.size)


@admin.register(Event)
class EventAdmin(SearchByIdMixin, ReadOnlyMixin, ModelAdmin[Event]):
    """All events, newest first. The primary key is the only order that needs no sorting."""

    list_display = ("at", "kind", "state", "user", "text", "generation_link")
    list_filter = ("state", ("user", InUseFilter))
    list_select_related = ("user",)
    search_fields = ("kind", "text", "user__username")
    search_help_text = "Whole id of a generation, kind, text, user"
    ordering = ("-id",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fields = ("at", "kind", "state", "user_link", "text", "generation_link")
    user_link = link_column("user")

    def id_filter(self, key: UUID) -> Q:
        return Q(generation=key)

    @admin.display(description="generation")
    def generation_link(self, event: Any) -> SafeString:
        return _link_to_generation(event.generation_id)
