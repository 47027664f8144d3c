"""Files: whole and by ranges, with their checked type, and never as a page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from dashboard import files
from queueapp.files import storage
from queueapp.models import Generation, Input, Result
from queueapp.states import State
from tests import factories


@pytest.fixture
def made(alice: User) -> Generation:
    return factories.generation(alice, State.SUCCEEDED)


@pytest.fixture
def body(made: Generation) -> bytes:
    with storage.open_file(made.result.file) as file:
        return file.read()


@pytest.fixture
def address(made: Generation) -> str:
    return reverse("result", args=[made.pk])


def whole(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_a_result_is_served_whole_with_its_checked_type(
    alices_browser: Client, address: str, body: bytes
) -> None:
    answer = alices_browser.get(address)
    assert whole(answer) == body
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Length"] == str(len(body))
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("inline;")
    assert answer["Accept-Ranges"] == "bytes"


def test_a_result_may_be_kept_by_this_browser_alone(alices_browser: Client, address: str) -> None:
    answer = alices_browser.get(address)
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert "Cookie" in answer["Vary"]
    answer.close()


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=10-", 10, None),
        ("bytes=-7", -7, None),
        ("bytes=-999999", 0, None),
        ("bytes=5-999999", 5, None),
    ],
)
def test_a_player_gets_the_part_it_asks_for(
    alices_browser: Client, address: str, body: bytes, wanted: str, start: int, end: int | None
) -> None:
    answer = alices_browser.get(address, headers={"Range": wanted})
    part = body[start:end]
    first = len(body) + start if start < 0 else start
    assert answer.status_code == 206
    assert whole(answer) == part
    assert answer["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(body)}"
    assert answer["Content-Length"] == str(len(part))


@pytest.mark.parametrize("wanted", ["bytes=999999-", "bytes=9-5", "bytes=-0"])
def test_a_part_beyond_the_end_is_refused(
    alices_browser: Client, address: str, body: bytes, wanted: str
) -> None:
    answer = alices_browser.get(address, headers={"Range": wanted})
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(body)}"


@pytest.mark.parametrize("wanted", ["bytes=-", "bytes=0-1,4-5", "lines=1-2", "nonsense"])
def test_a_range_that_is_not_understood_brings_the_whole(
    alices_browser: Client, address: str, body: bytes, wanted: str
) -> None:
    answer = alices_browser.get(address, headers={"Range": wanted})
    assert answer.status_code == 200
    assert whole(answer) == body


def test_an_open_range_brings_all_that_is_left(alices_browser: Client, address: str, body: bytes) -> None:
    answer = alices_browser.get(address, headers={"Range": "bytes=4-"})
    assert whole(answer) == body[4:]
    assert answer["Content-Range"] == f"bytes 4-{len(body) - 1}/{len(body)}"


def test_a_part_of_something_else_brings_the_whole(alices_browser: Client, address: str) -> None:
    answer = alices_browser.get(address, headers={"Range": "bytes=0-3", "If-Range": '"another"'})
    assert answer.status_code == 200
    answer.close()


def test_what_the_browser_has_is_not_sent_again(alices_browser: Client, address: str) -> None:
    first = alices_browser.get(address)
    assert first.getvalue()
    again = alices_browser.get(address, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_asking_for_the_head_sends_no_body(alices_browser: Client, address: str, body: bytes) -> None:
    answer = alices_browser.head(address)
    assert answer.content == b""
    assert answer["Content-Length"] == str(len(body))


def test_a_download_is_an_attachment_with_a_name(alices_browser: Client, address: str) -> None:
    answer = alices_browser.get(address + "?download")
    answer.close()
    assert answer["Content-Disposition"].startswith('attachment; filename="drover-')
    assert answer["Content-Disposition"].endswith('.png"')


def test_a_thumbnail_is_a_small_webp(alices_browser: Client, made: Generation) -> None:
    answer = alices_browser.get(reverse("thumbnail", args=[made.pk]))
    assert answer["Content-Type"] == "image/webp"
    assert whole(answer)[8:12] == b"WEBP"


def test_a_result_whose_file_is_gone_is_not_found(
    alices_browser: Client, made: Generation, address: str
) -> None:
    storage.delete(made.result.file)
    assert alices_browser.get(address).status_code == 404


def test_a_generation_without_a_result_has_none_to_show(alices_browser: Client, alice: User) -> None:
    waiting = factories.generation(alice)
    assert alices_browser.get(reverse("result", args=[waiting.pk])).status_code == 404
    assert alices_browser.get(reverse("thumbnail", args=[waiting.pk])).status_code == 404


def test_a_result_of_a_type_nobody_shows_is_handed_over_as_bytes(
    alices_browser: Client, made: Generation, address: str
) -> None:
    Result.objects.filter(pk=made.pk).update(content_type="text/html")
    answer = alices_browser.get(address)
    answer.close()
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("claimed", "served", "way"),
    [
        ("image/png", "image/png", "inline"),
        ("video/mp4", "video/mp4", "inline"),
        ("image/svg+xml", "application/octet-stream", "attachment"),
        ("text/html", "application/octet-stream", "attachment"),
        ("application/javascript", "application/octet-stream", "attachment"),
    ],
)
def test_an_input_can_never_act_as_a_page(
    alices_browser: Client, alice: User, claimed: str, served: str, way: str
) -> None:
    factories.enqueue(alice, input_image=f"data:{claimed},<script>alert(1)</script>")
    answer = alices_browser.get(reverse("input", args=[Input.objects.get().pk]))
    assert whole(answer) == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == served
    assert answer["Content-Disposition"].startswith(f"{way};")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_every_type_shown_in_place_is_a_picture_or_a_film() -> None:
    assert all(kind.split("/")[0] in ("image", "video") for kind in files.SHOWN)
    assert "image/svg+xml" not in files.SHOWN
