"""How scripts send inputs, and how hubs receive them."""

import base64
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from queueapp.errors import BadRequest, InputGone, TooLarge
from queueapp.files import storage
from queueapp.models import Input, Submission
from queueapp.services import input_links, inputs
from tests import factories

DATA_URI = "data:image/png;base64," + base64.b64encode(factories.png()).decode()
PUBLIC_URL = "https://drover.example.com"


@pytest.fixture
def reference(upload) -> str:
    return inputs.build_reference(upload.pk)


# From scripts


def test_a_data_uri_that_is_too_large_is_refused_and_not_stored(alice, settings, stored_files):
    settings.DROVER_MAX_INPUT_BYTES = 50
    with pytest.raises(TooLarge):
        factories.enqueue(alice, images=["data:image/png;base64,AAAA", DATA_URI])
    assert not Submission.objects.exists()
    assert stored_files() == []


def test_a_data_uri_of_any_type_reaches_the_hub_unchanged(alice, hub):
    sent = {"prompt": "a", "audio": "data:audio/wav;base64,UklGRg=="}
    factories.enqueue(alice, "edit", **sent)
    stored = Submission.objects.get().params
    assert inputs.parse_reference(stored["audio"])
    assert inputs.resolve_references(stored, hub) == sent


def test_the_declared_content_type_of_a_data_uri_reaches_the_hub(alice, hub):
    factories.enqueue(alice, "edit", image="data:image/x-odd,abc")
    resolved = inputs.resolve_references(Submission.objects.get().params, hub)
    assert resolved["image"] == "data:image/x-odd;base64,YWJj"


@pytest.mark.parametrize("text", ["drover-input:nonsense", f"drover-input:{'0' * 32}"])
def test_a_reference_to_no_input_is_refused(alice, text):
    with pytest.raises(BadRequest, match="There is no input"):
        factories.enqueue(alice, image=text)


def test_a_reference_to_an_input_of_bob_is_refused(reference, bob):
    with pytest.raises(BadRequest, match="There is no input"):
        factories.enqueue(bob, image=reference)


# To hubs


def test_a_hub_receives_contents_for_references_and_everything_else_unchanged(reference, hub):
    params = {
        "prompt": "a cat",
        "image": reference,
        "images": ["https://a.b/c.png", reference],
        "deep": [{"mask": reference, "seed": 7}],
    }
    before = repr(params)
    assert inputs.resolve_references(params, hub) == {
        "prompt": "a cat",
        "image": DATA_URI,
        "images": ["https://a.b/c.png", DATA_URI],
        "deep": [{"mask": DATA_URI, "seed": 7}],
    }
    assert repr(params) == before


def test_the_built_in_engine_receives_the_references(reference):
    params = {"image": reference}
    assert inputs.resolve_references(params, factories.builtin()) == params


def test_with_a_public_address_a_hub_receives_a_link_that_opens_the_input(upload, reference, hub):
    hub.public_url = f"{PUBLIC_URL}/"
    link = urlsplit(inputs.resolve_references({"image": reference}, hub)["image"])
    assert link.netloc == "drover.example.com"
    assert link.path.startswith("/inputs/shared/")
    assert input_links.open_link(link.path.removeprefix("/inputs/shared/").rstrip("/")) == upload


def test_the_links_of_one_enqueue_are_always_the_same(reference, hub):
    hub.public_url = PUBLIC_URL
    enqueued_at = timezone.now() - timedelta(hours=3)
    once, again = (inputs.resolve_references({"a": reference}, hub, asked_at=enqueued_at) for _ in range(2))
    later = inputs.resolve_references({"a": reference}, hub, asked_at=enqueued_at + timedelta(hours=1))
    assert once == again != later


@pytest.mark.parametrize("public_url", ["", PUBLIC_URL])
def test_a_deleted_input_is_reported(reference, hub, public_url):
    hub.public_url = public_url
    Input.objects.all().delete()
    with pytest.raises(InputGone, match="no longer stored"):
        inputs.resolve_references({"image": reference}, hub)


def test_an_input_whose_file_is_missing_is_reported(upload, reference, hub):
    storage.delete(upload.file)
    with pytest.raises(InputGone):
        inputs.resolve_references({"image": reference}, hub)


def test_the_upload_size_counts_inputs_as_base64(upload, reference):
    assert inputs.upload_size({"image": reference, "seed": 7}) == upload.size * 4 // 3
