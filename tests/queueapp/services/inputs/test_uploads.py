"""Inputs: what is kept and what is refused, how a hub gets them, and when they go."""

import base64
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from queueapp import tasks
from queueapp.errors import BadInput, BadRequest, InputGone, NotFound, TooLarge
from queueapp.files import storage
from queueapp.models import Connection, Generation, Input, MediaModel, Submission
from queueapp.processes import schedules
from queueapp.services import accounts, input_links, inputs
from tests import factories

WHOLE = "data:image/png;base64," + base64.b64encode(factories.png()).decode()


@pytest.fixture
def namespace(alice):
    return accounts.get_or_create_namespace(alice)


@pytest.fixture
def kept(namespace) -> Input:
    return inputs.save_upload(namespace, BytesIO(factories.png()))


@pytest.fixture
def hub(db) -> Connection:
    made = Connection.objects.create(name="hub", base_url="http://127.0.0.1:9")
    MediaModel.objects.create(connection=made, name="edit", display_name="Edit", media_type="image")
    return made


def named(row: Input) -> str:
    return f"drover-input:{row.pk}"


def film() -> bytes:
    import av

    target = BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for packet in stream.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), "teal"))):
            container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return target.getvalue()


def bomb() -> bytes:
    """A picture of a few kilobytes that unpacks to more pixels than anybody shows."""
    target = BytesIO()
    Image.new("1", (20_000, 20_000)).save(target, "PNG")
    return target.getvalue()


def files(folder) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("body", "kind"), [(factories.png(), "image/png"), (film(), "video/mp4")])
def test_what_is_kept_is_described_by_its_bytes(namespace, body, kind):
    row = inputs.save_upload(namespace, BytesIO(body))
    assert (row.content_type, row.size, row.used_at) == (kind, len(body), None)
    with default_storage.open(row.file) as file:
        assert file.read() == body
    with default_storage.open(inputs.get_thumbnail(row)) as file:
        assert file.read()[8:12] == b"WEBP"


@pytest.mark.parametrize("body", [b"", b"<svg/>", b"just words", factories.png()[:40], bomb()])
def test_what_is_no_picture_and_no_video_is_refused_and_leaves_nothing(namespace, body, tmp_path):
    with pytest.raises(BadInput, match="It cannot be used"):
        inputs.save_upload(namespace, BytesIO(body))
    assert not Input.objects.exists()
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "wanted", "words"),
    [(film(), "image", "This is a video; a picture"), (factories.png(), "video", "This is a picture")],
)
def test_the_wrong_kind_is_refused_by_name(namespace, body, wanted, words):
    with pytest.raises(BadInput, match=words):
        inputs.save_upload(namespace, BytesIO(body), wanted=wanted)


def test_what_is_too_large_is_refused(namespace, settings, tmp_path):
    settings.DROVER_MAX_INPUT_BYTES = 50
    with pytest.raises(TooLarge, match="can have at most"):
        inputs.save_upload(namespace, BytesIO(factories.png()))
    assert files(tmp_path) == []


def test_a_large_data_uri_is_refused_and_leaves_nothing(alice, settings, tmp_path):
    settings.DROVER_MAX_INPUT_BYTES = 50
    with pytest.raises(TooLarge):
        factories.enqueue(alice, images=["data:image/png;base64,AAAA", WHOLE])
    assert not Submission.objects.exists()
    assert files(tmp_path) == []


def test_a_data_uri_that_is_no_picture_is_kept_for_the_hub_to_judge(alice, hub):
    sent = {"prompt": "a", "audio": "data:audio/wav;base64,UklGRg=="}
    factories.enqueue(alice, "edit", **sent)
    assert inputs.resolve_references(Submission.objects.get().params, hub) == sent


def test_a_hub_gets_what_was_given_and_everything_else_untouched(namespace, kept, hub):
    params = {
        "prompt": "a cat",
        "image": named(kept),
        "images": ["https://a.b/c.png", named(kept)],
        "deep": [{"mask": named(kept), "seed": 7}],
    }
    before = repr(params)
    assert inputs.resolve_references(params, hub) == {
        "prompt": "a cat",
        "image": WHOLE,
        "images": ["https://a.b/c.png", WHOLE],
        "deep": [{"mask": WHOLE, "seed": 7}],
    }
    assert repr(params) == before


def test_a_script_gets_its_own_content_type_through(alice, hub):
    factories.enqueue(alice, "edit", image="data:image/x-odd,abc")
    assert (
        inputs.resolve_references(Submission.objects.get().params, hub)["image"]
        == "data:image/x-odd;base64,YWJj"
    )


def test_the_built_in_engine_gets_the_references(kept):
    assert inputs.resolve_references({"image": named(kept)}, factories.builtin()) == {"image": named(kept)}


def test_with_a_public_address_a_hub_gets_a_link_that_leads_to_the_input(kept, hub):
    hub.public_url = "https://drover.example.com/"
    link = urlsplit(inputs.resolve_references({"image": named(kept)}, hub)["image"])
    assert link.netloc == "drover.example.com"
    assert link.path.startswith("/inputs/shared/")
    assert input_links.open_link(link.path.removeprefix("/inputs/shared/").rstrip("/")) == kept


def test_the_links_of_one_enqueue_are_always_the_same(kept, hub):
    hub.public_url = "https://drover.example.com"
    asked = timezone.now() - timedelta(hours=3)
    once, again = (inputs.resolve_references({"a": named(kept)}, hub, asked_at=asked) for _ in range(2))
    later = inputs.resolve_references({"a": named(kept)}, hub, asked_at=asked + timedelta(hours=1))
    assert once == again != later


@pytest.mark.parametrize("public", ["", "https://drover.example.com"])
def test_an_input_that_is_gone_is_said_to_be(kept, hub, public):
    hub.public_url = public
    Input.objects.all().delete()
    with pytest.raises(InputGone, match="no longer stored"):
        inputs.resolve_references({"image": named(kept)}, hub)


def test_an_input_whose_file_is_gone_is_said_to_be(kept, hub):
    storage.delete(kept.file)
    with pytest.raises(InputGone):
        inputs.resolve_references({"image": named(kept)}, hub)


@pytest.mark.parametrize("spoil", [lambda t: t[:-1] + "x", lambda t: "x" + t, lambda t: "", lambda t: "a:b"])
def test_a_link_that_was_changed_leads_nowhere(kept, spoil):
    token = (
        input_links.build_link("", kept.pk, timezone.now() + timedelta(hours=1))
        .rstrip("/")
        .rpartition("/")[2]
    )
    with pytest.raises(NotFound, match="nowhere"):
        input_links.open_link(spoil(token))


def test_a_link_ends(kept):
    token = (
        input_links.build_link("", kept.pk, timezone.now() - timedelta(seconds=1))
        .rstrip("/")
        .rpartition("/")[2]
    )
    with pytest.raises(NotFound, match="ended"):
        input_links.open_link(token)


def test_links_live_for_a_day_after_the_enqueue():
    now = timezone.now()
    assert input_links.expiry_for(now) == now + timedelta(hours=24)
    assert timedelta(hours=24) <= input_links.expiry_for(None) - now <= timedelta(hours=48)


def test_an_upload_is_kept_for_good_once_a_submission_names_it(alice, kept):
    factories.enqueue(alice, image=named(kept))
    kept.refresh_from_db()
    assert kept.used_at is not None
    assert inputs.delete_unused(timezone.now() + timedelta(days=400)) == 0


def test_an_upload_that_nothing_names_goes_after_a_day(namespace, kept, tmp_path):
    assert inputs.delete_unused(timezone.now() + timedelta(hours=23)) == 0
    assert len(files(tmp_path)) == 2
    assert inputs.delete_unused(timezone.now() + timedelta(hours=25)) == 1
    assert files(tmp_path) == []
    assert not Input.objects.exists()


def test_the_sweep_runs_every_hour(kept, db):
    from django_q.models import Schedule

    schedules.create_schedules()
    found = Schedule.objects.get(name=schedules.CLEAN_UP)
    assert (found.func, found.minutes) == ("queueapp.tasks.clean_up", 60)
    Input.objects.update(created_at=timezone.now() - timedelta(days=2))
    tasks.clean_up()
    assert not Input.objects.exists()


def test_an_upload_that_was_removed_before_it_was_submitted_is_told(alice, kept, monkeypatch):
    def swept(params, namespace):
        inputs.delete_unused(timezone.now() + timedelta(days=2))
        return params, []

    monkeypatch.setattr(inputs, "extract_data_uris", swept)
    with pytest.raises(BadRequest, match="Choose it again"):
        factories.enqueue(alice, image=named(kept))
    assert not Generation.objects.exists()


def test_what_cannot_be_shown_small_says_so(alice):
    factories.enqueue(alice, image="data:image/png,nonsense")
    with pytest.raises(NotFound):
        inputs.get_thumbnail(Input.objects.get())
