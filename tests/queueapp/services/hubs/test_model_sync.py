"""Which models people are offered after a sync."""

from dataclasses import replace

import pytest

from queueapp.errors import ModelNotFound
from queueapp.models import Generation, MediaModel
from queueapp.services import catalog
from queueapp.services.hubs import accounts, model_sync
from queueapp.upstream.catalog import ModelEntry
from tests import factories
from tests.queueapp.services.hubs.conftest import KEY


def entry(name: str, media_type: str | None = "image", **fields) -> ModelEntry:
    defaults = {
        "display_name": name.title(),
        "description": "",
        "developer": "Acme",
        "endpoint": "/images/generate",
        "inputs": ("text",),
        "outputs": (media_type or "text",),
        "pricing": {"method": "per_image", "cost_per_image": 0.04},
        "request_schema": {"properties": {"seed": {"type": "integer"}}},
    }
    return ModelEntry(id=name, media_type=media_type, **(defaults | fields))


def test_listed_models_are_offered_if_they_make_images_or_videos(oxen):
    model_sync.save_models(oxen, [entry("flux/dev"), entry("veo", "video"), entry("chat", None)])
    offered = catalog.available_media_models().filter(connection=oxen)
    assert {model.name for model in offered} == {"flux/dev", "veo"}
    assert catalog.find("chat").media_type == ""
    assert catalog.find("flux/dev").pricing == {"method": "per_image", "cost_per_image": 0.04}
    assert oxen.models_synced_at is not None


def test_a_sync_keeps_the_admins_choices_and_updates_the_rest(oxen):
    model_sync.save_models(oxen, [entry("flux")])
    MediaModel.objects.filter(name="flux").update(enabled=False, preferred=True, defaults={"seed": 7})
    model_sync.save_models(oxen, [entry("flux", display_name="Flux 2")])
    model = MediaModel.objects.get(name="flux")
    assert (model.enabled, model.preferred, model.defaults) == (False, True, {"seed": 7})
    assert model.display_name == "Flux 2"


def test_an_unlisted_model_is_hidden_keeps_its_history_and_comes_back(oxen, alice):
    model_sync.save_models(oxen, [entry("flux"), entry("veo", "video")])
    generation = factories.enqueue(alice, "flux")[0]
    model_sync.save_models(oxen, [entry("veo", "video")])
    with pytest.raises(ModelNotFound):
        catalog.find("flux")
    assert catalog.model_ids_by_name("flux")
    assert Generation.objects.get(pk=generation.pk).model.name == "flux"
    model_sync.save_models(oxen, [entry("flux"), entry("veo", "video")])
    assert catalog.find("flux").pk == generation.model_id


def test_an_empty_list_changes_nothing(oxen):
    model_sync.save_models(oxen, [entry("flux")])
    model_sync.save_models(oxen, [])
    assert catalog.find("flux")
    oxen.refresh_from_db()
    assert "no models" in oxen.sync_error


def test_a_model_that_is_listed_twice_is_offered_once(oxen):
    model_sync.save_models(oxen, [entry("flux"), replace(entry("flux"), display_name="Again")])
    assert MediaModel.objects.filter(connection=oxen).count() == 1


def test_the_models_of_the_old_hub_are_not_offered_for_the_new_one(oxen):
    accounts.save_account("oxen", base_url="https://other.example.org", key=KEY, namespace="alice")
    model_sync.save_models(oxen, [entry("flux")])
    assert not MediaModel.objects.filter(connection=oxen).exists()


def test_the_built_in_models_stay_available(oxen):
    model_sync.save_models(oxen, [entry("flux")])
    assert catalog.find("sketch-image").connection == factories.builtin()
