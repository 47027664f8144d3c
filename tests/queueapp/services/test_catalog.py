"""Models: which ones are offered, how names are resolved, and how durations are learnt."""

from datetime import timedelta

import pytest

from queueapp.errors import ModelNotFound
from queueapp.models import Connection, Generation, MediaModel
from queueapp.services import catalog
from queueapp.states import State
from tests import factories


def model_at_another_connection(priority: int) -> MediaModel:
    connection = Connection.objects.create(name="elsewhere", priority=priority)
    return MediaModel.objects.create(
        connection=connection, name="sketch-image", display_name="Another", media_type="image"
    )


def test_the_built_in_models_exist_after_the_first_migration(db):
    assert factories.builtin().capacity == 4
    assert set(factories.builtin().catalog.values_list("name", flat=True)) == {
        "sketch-image",
        "sketch-video",
        "sketch-text",
    }


def test_syncing_the_built_in_models_again_keeps_the_settings_of_an_admin(db):
    Connection.objects.update(capacity=2)
    MediaModel.objects.update(enabled=False)
    catalog.sync_builtin_models()
    assert factories.builtin().capacity == 2
    assert not MediaModel.objects.filter(enabled=True).exists()
    assert MediaModel.objects.count() == 3


def test_a_bare_name_means_the_connection_of_highest_priority(db):
    other = model_at_another_connection(priority=5)
    assert catalog.find("sketch-image") == other
    assert catalog.find("builtin/sketch-image").connection == factories.builtin()


def test_every_model_is_found_by_its_public_name(db):
    model_at_another_connection(priority=5)
    names = catalog.public_names()
    assert "builtin/sketch-image" in names.values()
    assert {pk: catalog.find(name).pk for pk, name in names.items()} == {pk: pk for pk in names}


def test_a_disabled_connection_offers_no_models(db):
    other = model_at_another_connection(priority=5)
    Connection.objects.filter(pk=other.connection_id).update(enabled=False)
    assert catalog.find("sketch-image").connection == factories.builtin()
    with pytest.raises(ModelNotFound):
        catalog.find("elsewhere/sketch-image")


def test_the_picker_offers_only_models_that_generate_images_or_videos(db):
    assert {model.name for model in catalog.available_media_models()} == {"sketch-image", "sketch-video"}


def test_the_durations_of_a_model_are_learnt_from_its_generations(alice):
    for seconds in (2, 4, 30):
        generation = factories.generation(alice, State.SUCCEEDED)
        Generation.objects.filter(pk=generation.pk).update(
            released_at=generation.enqueued_at,
            ended_at=generation.enqueued_at + timedelta(seconds=seconds),
        )
    catalog.update_durations(factories.model().pk)
    model = factories.model()
    assert model.median_seconds == 4
    assert 4 < model.p95_seconds <= 30
