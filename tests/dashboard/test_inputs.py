"""Give images and videos to a model: upload, submit, and read what was wrong."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from queueapp.files.data_uri import DataUri
from queueapp.models import Generation, Input, Submission
from tests import factories, media
from tests.dashboard.media_models import create_models, store_input
from tests.pages import read

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _media_models(db) -> None:
    create_models()


def upload(browser: Client, body: bytes = b"", name: str = "param-input_image", wanted: str = "image") -> Any:
    """Upload a file as the page's script does. The file's own name and type are wrong on purpose."""
    file = SimpleUploadedFile("mine.png", body or factories.png(), "text/html")
    return browser.post("/inputs/", {"name": name, "wanted": wanted, "file": file}, headers=HTMX)


def submit(browser: Client, model: str = "edit", **fields: Any) -> Any:
    data = {name.replace("__", "-", 1): value for name, value in fields.items()}
    return browser.post("/generations/", {"model": model, "prompt": "a", "num_generations": "1", **data})


def submitted_params() -> dict[str, Any]:
    """The parameters of the only submission, without the prompt."""
    params: dict[str, Any] = Submission.objects.get().params
    return {name: value for name, value in params.items() if name != "prompt"}


@pytest.mark.parametrize(("body", "wanted"), [(factories.png(), "image"), (media.mp4(), "video")])
def test_an_upload_is_stored_for_its_owner_and_shown_as_a_thumbnail(
    alices_browser: Client, alice: User, body: bytes, wanted: str
) -> None:
    item = read(upload(alices_browser, body, wanted=wanted))
    row = Input.objects.get()
    assert row.namespace.owner == alice
    assert row.used_at is None
    value = item.one("input[type=hidden]")
    assert (value["name"], value["value"]) == ("param-input_image", f"drover-input:{row.pk}")
    assert item.one("img")["src"] == f"/inputs/{row.pk}/thumbnail/"
    assert item.one("a")["href"] == f"/inputs/{row.pk}/"
    assert item.one("[data-remove-media]")["aria-label"] == f"Remove this {wanted}"
    thumbnail = alices_browser.get(f"/inputs/{row.pk}/thumbnail/")
    assert thumbnail["Content-Type"] == "image/webp"
    assert thumbnail.getvalue()[8:12] == b"WEBP"


@pytest.mark.parametrize(
    ("body", "wanted", "status", "message"),
    [
        (b"<script>alert(1)</script>", "image", 415, "It is not an image or video of a known type."),
        (factories.png()[:50], "image", 415, "damaged or incomplete"),
        (media.decompression_bomb(), "image", 415, "too many pixels"),
        (media.mp4(), "image", 415, "This is a video. Choose an image."),
        (factories.png(), "video", 415, "This is an image. Choose a video."),
        (factories.png(), "program", 400, "which field"),
    ],
)
def test_an_unusable_file_is_refused_with_the_reason(
    alices_browser: Client, body: bytes, wanted: str, status: int, message: str
) -> None:
    response = upload(alices_browser, body, wanted=wanted)
    assert response.status_code == status
    assert response["Content-Type"].startswith("text/plain")
    assert message in response.content.decode()
    assert not Input.objects.exists()


def test_an_upload_for_another_form_field_is_refused(alices_browser: Client) -> None:
    assert upload(alices_browser, name="model").status_code == 400
    assert not Input.objects.exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_read_whole(
    alices_browser: Client, settings: Any
) -> None:
    settings.DROVER_MAX_INPUT_BYTES = 1024 * 1024
    response = upload(alices_browser, b"\x89PNG" + bytes(5_000_000))
    assert response.status_code == 413
    assert response.content.decode() == "An image or video given as an input can have at most 1 MB."
    assert not Input.objects.exists()


def test_an_empty_upload_is_refused(alices_browser: Client) -> None:
    assert alices_browser.post("/inputs/", {"name": "param-a", "wanted": "image"}).status_code == 400
    assert alices_browser.get("/inputs/").status_code == 405


def test_a_visitor_who_is_not_signed_in_can_upload_nothing(client: Client) -> None:
    assert upload(client)["HX-Redirect"] == "/accounts/login/"
    assert not Input.objects.exists()


def test_an_upload_is_submitted_by_its_reference(alices_browser: Client, alice: User) -> None:
    reference = store_input(alice)
    submit(alices_browser, param__input_image=[reference, ""])
    assert submitted_params() == {"input_image": reference}
    assert Input.objects.get().used_at is not None


def test_a_list_keeps_the_order_of_files_and_urls(alices_browser: Client, alice: User) -> None:
    first, second = store_input(alice), store_input(alice)
    values = ["https://a.b/1.png", first, second, "https://a.b/2.png\r\n"]
    submit(alices_browser, "mix", param__input_image=values)
    assert submitted_params() == {"input_image": ["https://a.b/1.png", first, second, "https://a.b/2.png"]}


def test_a_url_is_submitted_unchanged(alices_browser: Client) -> None:
    submit(alices_browser, param__input_image="https://a.b/c.png?x=1&y=2")
    assert submitted_params() == {"input_image": "https://a.b/c.png?x=1&y=2"}
    assert not Input.objects.exists()


def test_without_scripts_a_file_is_stored_when_the_form_is_submitted(alices_browser: Client) -> None:
    file = SimpleUploadedFile("mine.png", factories.png(), "image/png")
    submit(alices_browser, **{"file-input_image": file}, param__input_image="")
    assert submitted_params() == {"input_image": f"drover-input:{Input.objects.get().pk}"}


def test_without_scripts_a_bad_file_is_shown_at_its_field_and_nothing_else_is_lost(
    alices_browser: Client, settings: Any
) -> None:
    settings.DROVER_MAX_INPUT_BYTES = 100_000
    files = {
        "file-input_image": SimpleUploadedFile("good.png", factories.png()),
        "file-mask_url": SimpleUploadedFile("huge.png", bytes(3_000_000)),
    }
    response = submit(alices_browser, "mix", **files, **{"param-mask_url": "https://a.b/mask.png"})
    form = read(response).form()
    assert response.status_code == 422
    assert form.error("param-mask_url").startswith("An image or video given as an input can have at most")
    assert form.values("param-input_image") == [f"drover-input:{Input.objects.get().pk}"]
    assert form.values("param-mask_url") == ["https://a.b/mask.png"]
    assert not Generation.objects.exists()


def test_without_scripts_an_image_can_be_removed(alices_browser: Client, alice: User) -> None:
    first, second = store_input(alice), store_input(alice)
    data = {"model": "mix", "param-input_image": [first, second]}
    page = read(alices_browser.post("/generations/params/", data))
    button = page.all("button[name=remove]")[0]
    answer = alices_browser.post("/generations/params/", data | {"remove": button["value"]})
    assert read(answer).form().values("param-input_image") == [second]


def test_a_data_uri_typed_into_the_page_is_checked_like_a_file(alices_browser: Client) -> None:
    response = submit(alices_browser, param__input_image=str(DataUri("image/png", b"<svg/>")))
    assert response.status_code == 422
    assert "It is not an image or video of a known type." in read(response).form().error("param-input_image")
    submit(alices_browser, param__input_image=str(DataUri("text/html", factories.png())))
    assert Input.objects.get().content_type == "image/png"


def test_a_data_uri_of_audio_is_submitted_with_the_form(alices_browser: Client, alice: User) -> None:
    model = factories.model("edit")
    properties = model.request_schema["properties"] | {"audio_url": {"type": "string", "format": "uri"}}
    type(model).objects.filter(pk=model.pk).update(request_schema={"properties": properties})
    submit(alices_browser, param__audio_url=str(DataUri("audio/mpeg", b"ID3 sound")))
    row = Input.objects.get()
    assert submitted_params() == {"audio_url": f"drover-input:{row.pk}"}
    assert row.content_type == "audio/mpeg"


def test_a_video_in_an_image_field_is_an_error_of_the_field(alices_browser: Client, alice: User) -> None:
    reference = store_input(alice, media.mp4())
    response = submit(alices_browser, param__input_image=reference)
    form = read(response).form()
    assert response.status_code == 422
    assert form.error("param-input_image") == "This is a video. Choose an image."
    assert form.values("param-input_image") == [reference]


def test_bob_cannot_submit_what_alice_uploaded(bobs_browser: Client, alice: User) -> None:
    response = submit(bobs_browser, param__input_image=store_input(alice))
    assert response.status_code == 422
    assert "There is no input" in read(response).text_in("[role=alert]")
    assert not Generation.objects.exists()


def test_the_api_refuses_a_large_data_uri_with_413(alices_script: Client, settings: Any) -> None:
    settings.DROVER_MAX_INPUT_BYTES = 1000
    body = {"model": "edit", "prompt": "a", "input_image": str(DataUri("image/png", bytes(1001)))}
    response = alices_script.post("/api/ai/queue", body, content_type="application/json")
    assert response.status_code == 413
    assert "at most" in response.json()["error"]["detail"]
    assert not Generation.objects.exists()
