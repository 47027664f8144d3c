"""Stored files are served whole and by byte range, with a checked type, and never as a page."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from dashboard.file_responses import DISPLAYED_TYPES
from queueapp.files import storage
from queueapp.models import Generation, Input, Result
from queueapp.states import State
from tests import factories


@pytest.fixture
def generation(alice: User) -> Generation:
    return factories.generation(alice, State.SUCCEEDED)


@pytest.fixture
def content(generation: Generation) -> bytes:
    with storage.open_file(generation.result.file) as file:
        return file.read()


@pytest.fixture
def url(generation: Generation) -> str:
    return reverse("result", args=[generation.pk])


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_a_result_is_served_whole_with_its_checked_type(
    alices_browser: Client, url: str, content: bytes
) -> None:
    response = alices_browser.get(url)
    assert body_of(response) == content
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(len(content))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith("inline;")
    assert response["Accept-Ranges"] == "bytes"


def test_only_the_users_own_browser_caches_a_result(alices_browser: Client, url: str) -> None:
    response = alices_browser.get(url)
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert "Cookie" in response["Vary"]
    response.close()


@pytest.mark.parametrize(
    ("requested", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=10-", 10, None),
        ("bytes=-7", -7, None),
        ("bytes=-999999", 0, None),
        ("bytes=5-999999", 5, None),
    ],
)
def test_a_player_gets_the_byte_range_that_it_requests(
    alices_browser: Client, url: str, content: bytes, requested: str, start: int, end: int | None
) -> None:
    response = alices_browser.get(url, headers={"Range": requested})
    part = content[start:end]
    first = len(content) + start if start < 0 else start
    assert response.status_code == 206
    assert body_of(response) == part
    assert response["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(content)}"
    assert response["Content-Length"] == str(len(part))


@pytest.mark.parametrize("requested", ["bytes=999999-", "bytes=9-5", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(
    alices_browser: Client, url: str, content: bytes, requested: str
) -> None:
    response = alices_browser.get(url, headers={"Range": requested})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("requested", ["bytes=-", "bytes=0-1,4-5", "lines=1-2", "nonsense"])
def test_an_unsupported_range_brings_the_whole_file(
    alices_browser: Client, url: str, content: bytes, requested: str
) -> None:
    response = alices_browser.get(url, headers={"Range": requested})
    assert response.status_code == 200
    assert body_of(response) == content


def test_a_range_of_another_version_brings_the_whole_file(
    alices_browser: Client, url: str, content: bytes
) -> None:
    response = alices_browser.get(url, headers={"Range": "bytes=0-3", "If-Range": '"another"'})
    assert response.status_code == 200
    assert body_of(response) == content


def test_a_file_that_the_browser_has_is_not_sent_again(alices_browser: Client, url: str) -> None:
    first = alices_browser.get(url)
    assert first.getvalue()
    second = alices_browser.get(url, headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 304
    assert second.content == b""


def test_a_head_request_gets_no_body(alices_browser: Client, url: str, content: bytes) -> None:
    response = alices_browser.head(url)
    assert response.content == b""
    assert response["Content-Length"] == str(len(content))


def test_a_download_is_an_attachment_with_a_name(alices_browser: Client, url: str) -> None:
    response = alices_browser.get(url + "?download")
    response.close()
    assert response["Content-Disposition"].startswith('attachment; filename="drover-')
    assert response["Content-Disposition"].endswith('.png"')


def test_a_thumbnail_is_a_webp_image(alices_browser: Client, generation: Generation) -> None:
    response = alices_browser.get(reverse("thumbnail", args=[generation.pk]))
    assert response["Content-Type"] == "image/webp"
    assert body_of(response)[8:12] == b"WEBP"


def test_a_result_whose_file_is_missing_is_not_found(
    alices_browser: Client, generation: Generation, url: str
) -> None:
    storage.delete(generation.result.file)
    assert alices_browser.get(url).status_code == 404


def test_a_generation_without_a_result_has_no_files(alices_browser: Client, alice: User) -> None:
    queued = factories.generation(alice)
    assert alices_browser.get(reverse("result", args=[queued.pk])).status_code == 404
    assert alices_browser.get(reverse("thumbnail", args=[queued.pk])).status_code == 404


def test_a_result_of_another_type_is_only_downloaded(
    alices_browser: Client, generation: Generation, url: str
) -> None:
    Result.objects.filter(pk=generation.pk).update(content_type="text/html")
    response = alices_browser.get(url)
    response.close()
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("claimed", "served", "disposition"),
    [
        ("image/png", "image/png", "inline"),
        ("video/mp4", "video/mp4", "inline"),
        ("image/svg+xml", "application/octet-stream", "attachment"),
        ("text/html", "application/octet-stream", "attachment"),
        ("application/javascript", "application/octet-stream", "attachment"),
    ],
)
def test_an_input_can_never_act_as_a_page(
    alices_browser: Client, alice: User, claimed: str, served: str, disposition: str
) -> None:
    factories.enqueue(alice, input_image=f"data:{claimed},<script>alert(1)</script>")
    response = alices_browser.get(reverse("input", args=[Input.objects.get().pk]))
    assert body_of(response) == b"<script>alert(1)</script>"
    assert response["Content-Type"] == served
    assert response["Content-Disposition"].startswith(f"{disposition};")
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_browsers_only_display_images_and_videos_that_cannot_contain_scripts() -> None:
    assert all(content_type.split("/")[0] in ("image", "video") for content_type in DISPLAYED_TYPES)
    assert "image/svg+xml" not in DISPLAYED_TYPES
