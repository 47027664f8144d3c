"""Giving images and videos to a model, through the page and through the API."""

import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from queueapp.files.data_uri import DataUri
from queueapp.models import Connection, Generation, Input, MediaModel, Submission
from queueapp.services import accounts, input_links, inputs
from queueapp.states import State
from tests import factories
from tests.media import decompression_bomb as bomb
from tests.media import mp4 as film

HTMX = {"HX-Request": "true"}
URL = {"type": "string", "format": "uri"}
LIST = {"type": "array", "items": {"type": "string"}}


@pytest.fixture(autouse=True)
def hub(db) -> Connection:
    made = Connection.objects.create(name="hub", base_url="http://127.0.0.1:9", priority=5)
    offer(made, "edit", input_image={"type": "string", "renderType": "image-url"}, required=["input_image"])
    offer(made, "mix", input_image=LIST, mask_url=URL)
    offer(made, "film", media_type="video", start_image_url=URL, input_video=URL)
    return made


def offer(
    connection: Connection, name: str, media_type: str = "image", required: Any = (), **fields: Any
) -> MediaModel:
    properties = {"prompt": {"type": "string"}, **fields}
    return MediaModel.objects.create(
        connection=connection,
        name=name,
        display_name=name.title(),
        media_type=media_type,
        request_schema={"type": "object", "properties": properties, "required": list(required)},
    )


def upload(
    browser: Client, body: bytes = b"", name: str = "param-input_image", wanted: str = "image", **headers: Any
) -> Any:
    file = SimpleUploadedFile("mine.png", body or factories.png(), "text/html")
    return browser.post("/inputs/", {"name": name, "wanted": wanted, "file": file}, headers=headers or HTMX)


def stored(owner: User, body: bytes = b"") -> str:
    row = inputs.save_upload(accounts.get_or_create_namespace(owner), BytesIO(body or factories.png()))
    return f"drover-input:{row.pk}"


def submit(browser: Client, model: str = "edit", **typed: Any) -> Any:
    fields = {name.replace("__", "-", 1): value for name, value in typed.items()}
    return browser.post("/generations/", {"model": model, "prompt": "a", "num_generations": "1", **fields})


def given() -> dict[str, Any]:
    params: dict[str, Any] = Submission.objects.get().params
    return {name: value for name, value in params.items() if name != "prompt"}


def words_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def values(html: str, name: str) -> list[str]:
    """What a page's form would send of a field, in its order."""
    pattern = rf'name="{name}" value="([^"]*)"|<textarea[^>]*name="{name}"[^>]*>\n([^<]*)<'
    return [unescape(a or b) for a, b in re.findall(pattern, html) if a or b]


@pytest.mark.parametrize(("body", "wanted"), [(factories.png(), "image"), (film(), "video")])
def test_a_file_is_stored_for_its_owner_and_shown_small(
    alices_browser: Client, alice: User, body: bytes, wanted: str
) -> None:
    answer = upload(alices_browser, body, wanted=wanted)
    row = Input.objects.get()
    assert row.namespace.owner == alice
    assert row.used_at is None
    assert f'name="param-input_image" value="drover-input:{row.pk}"' in words_of(answer)
    assert f'<img src="/inputs/{row.pk}/thumbnail/"' in words_of(answer)
    assert "Remove this" in words_of(answer)
    small = alices_browser.get(f"/inputs/{row.pk}/thumbnail/")
    assert small["Content-Type"] == "image/webp"
    assert small.getvalue()[8:12] == b"WEBP"


@pytest.mark.parametrize(
    ("body", "wanted", "status", "words"),
    [
        (b"<script>alert(1)</script>", "image", 415, "It is not an image or video of a known type."),
        (factories.png()[:50], "image", 415, "damaged or incomplete"),
        (bomb(), "image", 415, "too many pixels"),
        (film(), "image", 415, "This is a video. Choose an image."),
        (factories.png(), "video", 415, "This is an image. Choose a video."),
        (factories.png(), "program", 400, "which field"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    alices_browser: Client, body: bytes, wanted: str, status: int, words: str
) -> None:
    answer = upload(alices_browser, body, wanted=wanted)
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/plain")
    assert words in words_of(answer)
    assert not Input.objects.exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_read_whole(
    alices_browser: Client, settings: Any, tmp_path: Any
) -> None:
    settings.DROVER_MAX_INPUT_BYTES = 1024 * 1024
    answer = upload(alices_browser, b"\x89PNG" + bytes(5_000_000))
    assert answer.status_code == 413
    assert words_of(answer) == "An image or video given as an input can have at most 1 MB."
    assert not Input.objects.exists()


def test_an_empty_upload_is_told(alices_browser: Client) -> None:
    assert alices_browser.post("/inputs/", {"name": "param-a", "wanted": "image"}).status_code == 400
    assert alices_browser.get("/inputs/").status_code == 405


def test_a_stranger_can_upload_nothing(client: Client) -> None:
    assert upload(client)["HX-Redirect"] == "/accounts/login/"
    assert not Input.objects.exists()


def test_what_was_uploaded_is_submitted_by_its_reference(alices_browser: Client, alice: User) -> None:
    reference = stored(alice)
    submit(alices_browser, param__input_image=[reference, ""])
    assert given() == {"input_image": reference}
    assert Input.objects.get().used_at is not None


def test_a_list_keeps_the_order_of_files_and_addresses(alices_browser: Client, alice: User) -> None:
    one, two = stored(alice), stored(alice)
    submit(alices_browser, "mix", param__input_image=["https://a.b/1.png", one, two, "https://a.b/2.png\r\n"])
    assert given() == {"input_image": ["https://a.b/1.png", one, two, "https://a.b/2.png"]}


def test_an_address_passes_through_as_it_is(alices_browser: Client) -> None:
    submit(alices_browser, param__input_image="https://a.b/c.png?x=1&y=2")
    assert given() == {"input_image": "https://a.b/c.png?x=1&y=2"}
    assert not Input.objects.exists()


def test_without_scripts_a_file_is_taken_when_it_is_submitted(alices_browser: Client) -> None:
    file = SimpleUploadedFile("mine.png", factories.png(), "image/png")
    submit(alices_browser, **{"file-input_image": file}, param__input_image="")
    assert given() == {"input_image": f"drover-input:{Input.objects.get().pk}"}


def test_without_scripts_a_wrong_file_is_told_at_its_field_and_nothing_is_lost(
    alices_browser: Client, settings: Any
) -> None:
    settings.DROVER_MAX_INPUT_BYTES = 100_000
    good = SimpleUploadedFile("good.png", factories.png())
    huge = SimpleUploadedFile("huge.png", bytes(3_000_000))
    answer = submit(
        alices_browser,
        "mix",
        **{"file-input_image": good, "file-mask_url": huge, "param-mask_url": "https://a.b/mask.png"},
    )
    assert answer.status_code == 422
    html = words_of(answer)
    assert 'id="field-mask-url-error">An image or video given as an input can have at most' in html
    assert values(html, "param-input_image") == [f"drover-input:{Input.objects.get().pk}"]
    assert values(html, "param-mask_url") == ["https://a.b/mask.png"]
    assert not Generation.objects.exists()


def test_without_scripts_a_picture_can_be_taken_out_again(alices_browser: Client, alice: User) -> None:
    one, two = stored(alice), stored(alice)
    answer = alices_browser.post(
        "/generations/params/",
        {"model": "mix", "param-input_image": [one, two], "without": f"param-input_image {one}"},
    )
    assert values(words_of(answer), "param-input_image") == [two]


def test_a_data_uri_typed_into_the_page_is_checked_like_a_file(alices_browser: Client) -> None:
    answer = submit(alices_browser, param__input_image=str(DataUri("image/png", b"<svg/>")))
    assert answer.status_code == 422
    assert "It is not an image or video of a known type." in words_of(answer)
    submit(alices_browser, param__input_image=str(DataUri("text/html", factories.png())))
    assert Input.objects.get().content_type == "image/png"


def test_a_video_in_the_place_of_a_picture_is_told_at_its_field(alices_browser: Client, alice: User) -> None:
    answer = submit(alices_browser, param__input_image=stored(alice, film()))
    assert answer.status_code == 422
    assert "This is a video; a picture is wanted here." in words_of(answer)


def test_bob_cannot_submit_what_alice_uploaded(bobs_browser: Client, alice: User) -> None:
    answer = submit(bobs_browser, param__input_image=stored(alice))
    assert answer.status_code == 422
    assert "There is no input" in words_of(answer)
    assert not Generation.objects.exists()


def test_pictures_go_along_to_the_field_of_another_model(alices_browser: Client, alice: User) -> None:
    picture, clip = stored(alice), stored(alice, film())

    def switch(model: str, **typed: Any) -> str:
        fields = {name.replace("__", "-", 1): value for name, value in typed.items()}
        answer = alices_browser.post("/generations/params/", {"model": model, **fields}, headers=HTMX)
        return words_of(answer)

    to_film = switch("film", param__input_image=picture)
    assert values(to_film, "param-start_image_url") == [picture]
    to_edit = switch("edit", param__start_image_url=picture, param__input_video=clip)
    assert values(to_edit, "param-input_image") == [picture]
    assert values(to_edit, "kept-input") == [clip]
    to_sketch = switch("sketch-image", param__input_image=picture, kept__input=clip)
    assert sorted(values(to_sketch, "kept-input")) == sorted([picture, clip])
    assert "it is kept for another" in to_sketch
    back = switch("film", kept__input=[picture, clip])
    assert values(back, "param-start_image_url") == [picture]
    assert values(back, "param-input_video") == [clip]


def test_a_model_that_takes_one_gets_the_first_of_several(alices_browser: Client, alice: User) -> None:
    one, two = stored(alice), stored(alice)
    answer = alices_browser.post(
        "/generations/params/", {"model": "edit", "param-input_image": [one, two]}, headers=HTMX
    )
    assert values(words_of(answer), "param-input_image") == [one]
    assert values(words_of(answer), "kept-input") == [two]


def test_bobs_form_never_gets_alices_pictures(bobs_browser: Client, alice: User) -> None:
    html = words_of(
        bobs_browser.get("/", {"input": stored(alice).removeprefix("drover-input:"), "for": "edit"})
    )
    assert "drover-input" not in html


@pytest.fixture
def made(alice: User) -> Generation:
    return factories.generation(alice, State.SUCCEEDED)


def as_input(browser: Client, generation: Generation) -> Any:
    return browser.post(reverse("use-result", args=[generation.pk]))


def test_a_result_becomes_the_input_of_a_model_that_takes_it(
    alices_browser: Client, alice: User, made: Generation
) -> None:
    assert "Use as input" in words_of(alices_browser.get(reverse("generation", args=[made.pk])))
    answer = as_input(alices_browser, made)
    row = Input.objects.get()
    assert (row.namespace.owner, row.content_type, row.size) == (alice, "image/png", made.result.size)
    html = words_of(alices_browser.get(answer["Location"]))
    assert 'value="edit" selected' in html
    assert values(html, "param-input_image") == [f"drover-input:{row.pk}"]


def for_model(answer: Any) -> str:
    return parse_qs(urlsplit(answer["Location"]).query)["for"][0]


def test_a_result_goes_to_the_preferred_model_or_stays_with_its_own(
    alices_browser: Client, alice: User, made: Generation
) -> None:
    MediaModel.objects.filter(name="film").update(preferred=True)
    assert for_model(as_input(alices_browser, made)) == "film"
    Generation.objects.filter(pk=made.pk).update(model=factories.model("mix"))
    assert for_model(as_input(alices_browser, made)) == "mix"


def test_where_no_model_takes_it_there_is_no_button(alices_browser: Client, made: Generation) -> None:
    Connection.objects.filter(name="hub").update(enabled=False)
    assert "Use as input" not in words_of(alices_browser.get(reverse("generation", args=[made.pk])))
    assert as_input(alices_browser, made).status_code == 404


def test_alices_result_is_no_input_of_bobs(bobs_browser: Client, made: Generation) -> None:
    assert as_input(bobs_browser, made).status_code == 404
    assert not Input.objects.exists()


def test_using_it_again_brings_the_pictures_along(alices_browser: Client, alice: User) -> None:
    one, two = stored(alice), stored(alice)
    again = factories.enqueue(alice, "mix", input_image=[one, "https://a.b/c.png", two])[0]
    html = words_of(alices_browser.get("/", {"from": str(again.pk)}))
    assert values(html, "param-input_image") == [one, "https://a.b/c.png", two]


def test_using_it_again_with_another_model_brings_the_pictures_along(
    alices_browser: Client, alice: User
) -> None:
    reference = stored(alice)
    again = factories.enqueue(alice, "film", start_image_url=reference)[0]
    MediaModel.objects.filter(name="film").update(enabled=False)
    html = words_of(alices_browser.get("/", {"from": str(again.pk)}))
    assert values(html, "param-input_image") == [reference]


def link_to(reference: str, **left: float) -> str:
    key = inputs.parse_reference(reference)
    assert key is not None
    return input_links.build_link("", key, timezone.now() + timedelta(**(left or {"hours": 1})))


def test_a_hub_fetches_an_input_by_its_link_without_a_sign_in(client: Client, alice: User) -> None:
    answer = client.get(link_to(stored(alice)))
    assert answer.getvalue() == factories.png()
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert not answer.cookies


def test_a_link_that_has_ended_or_was_changed_brings_nothing(client: Client, alice: User) -> None:
    reference = stored(alice)
    good = link_to(reference)
    other = link_to(stored(alice))
    mixed = f"{other.partition(':')[0]}:{good.partition(':')[2]}"
    for bad in (link_to(reference, seconds=-1), good[:-2] + "/", mixed, "/inputs/shared/nonsense/"):
        answer = client.get(bad)
        assert answer.status_code == 404
        assert not answer.cookies


def test_what_a_script_sent_as_html_is_no_page_under_a_link_either(client: Client, alice: User) -> None:
    factories.enqueue(alice, "edit", input_image="data:text/html,<script>alert(1)</script>")
    answer = client.get(link_to(f"drover-input:{Input.objects.get().pk}"))
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    answer.close()


def test_the_api_refuses_a_large_data_uri_with_413(alices_script: Client, settings: Any) -> None:
    settings.DROVER_MAX_INPUT_BYTES = 1000
    body = {"model": "edit", "prompt": "a", "input_image": str(DataUri("image/png", bytes(1001)))}
    answer = alices_script.post("/api/ai/queue", body, content_type="application/json")
    assert answer.status_code == 413
    assert "at most" in answer.json()["error"]["detail"]
    assert not Generation.objects.exists()
