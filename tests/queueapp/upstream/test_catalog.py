"""The models of a hub are listed, searched and classified."""

import pytest

from queueapp.upstream.catalog import ModelEntry, detect_media_type
from queueapp.upstream.errors import AmbiguousResponse, NotFoundAtHub
from queueapp.upstream.redaction import Redactor
from tests.hub import misbehaviour as mis

redact = Redactor("a-secret-key")


def test_the_search_finds_models_that_are_not_listed(open_hub, client_of):
    client = client_of(open_hub(unlisted=["z-image-turbo"]))
    listed = {model.id for model in client.list_models()}
    assert "z-image-turbo" not in listed
    assert "gpt-4o" in listed
    assert [model.id for model in client.search_models("z-image")] == ["z-image-turbo"]


def test_the_catalog_needs_no_key(hub, client_of):
    assert client_of(hub, key="").list_models()


def test_a_single_model_is_read_bare_or_under_data(hub, client):
    for hub.model_under_data in (False, True):
        model = client.get_model("kling-video-o3-pro-reference-to-video")
        assert model.media_type == "video"
        assert "multi_prompt" in model.request_schema["properties"]
        assert model.pricing == {"method": "per_video_output_second", "cost_per_second": 0.224}
    with pytest.raises(NotFoundAtHub, match="Model not found"):
        client.get_model("no-such-model")


@pytest.mark.parametrize("body", [{"data": None}, {}, {"status": "error"}, "models"])
def test_an_invalid_catalog_is_not_read_as_an_empty_one(hub, client, body):
    hub.misbehave("models", mis.answer(200, body))
    with pytest.raises(AmbiguousResponse):
        client.list_models()


@pytest.mark.parametrize("prefix", ["", "/api/ai", "https://hub.oxen.ai/api/ai"])
@pytest.mark.parametrize(
    ("endpoint", "media_type"),
    [
        ("/images/generate", "image"),
        ("/images/edit", "image"),
        ("/videos/generate", "video"),
        ("/videos/generate/", "video"),
        ("/chat/completions", None),
        ("/audio/speech", None),
    ],
)
def test_the_endpoint_shows_what_a_model_without_capabilities_produces(prefix, endpoint, media_type):
    assert detect_media_type((), prefix + endpoint) == media_type


@pytest.mark.parametrize(
    ("outputs", "endpoint", "media_type"),
    [
        (("image",), "/videos/generate", "image"),
        (("video",), "", "video"),
        (("text",), "/images/generate", None),
        (("audio", "video"), "", "video"),
        (("image", "video"), "/videos/generate", "video"),
        (("image", "video"), "/images/edit", "image"),
        ((), "http://[::1", None),
    ],
)
def test_capabilities_decide_before_the_endpoint(outputs, endpoint, media_type):
    assert detect_media_type(outputs, endpoint) == media_type


@pytest.mark.parametrize("data", [None, [], {}, {"id": ""}, {"id": 7}, {"id": "a\nb"}, {"data": {}}])
def test_a_model_without_a_name_is_ignored(data):
    assert ModelEntry.parse(data, redact) is None
