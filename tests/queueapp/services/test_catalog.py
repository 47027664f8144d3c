from datetime import timedelta

import pytest

from queueapp.errors import ModelNotFound
from queueapp.models import Connection, Generation, MediaModel
from queueapp.services import catalog
from queueapp.states import State
from tests import factories


def second_connection(priority: int) -> MediaModel:
    connection = Connection.objects.create(name="elsewhere", priority=priority)
    return MediaModel.objects.create(
        connection=connection, name="sketch-image", display_name="Another", media_type="image"
    )


def test_the_built_in_engine_is_there_from_the_first_migration(db):
    assert factories.builtin().capacity == 4
    assert set(factories.builtin().catalog.values_list("name", flat=True)) == {
        "sketch-image",
        "sketch-video",
        "sketch-text",
    }


def test_filling_the_catalog_again_changes_nothing_an_admin_chose(db):
    Connection.objects.update(capacity=2)
    MediaModel.objects.update(enabled=False)
    catalog.sync_builtin_models()
    assert factories.builtin().capacity == 2
    assert not MediaModel.objects.filter(enabled=True).exists()
    assert MediaModel.objects.count() == 3


def test_a_bare_name_means_the_connection_of_highest_priority(db):
    other = second_connection(priority=5)
    assert catalog.find("sketch-image") == other
    assert catalog.find("builtin/sketch-image").connection == factories.builtin()


def test_a_connection_that_is_off_offers_nothing(db):
    other = second_connection(priority=5)
    Connection.objects.filter(pk=other.connection_id).update(enabled=False)
    assert catalog.find("sketch-image").connection == factories.builtin()
    with pytest.raises(ModelNotFound):
        catalog.find("elsewhere/sketch-image")


def test_the_picker_offers_only_what_makes_images_and_videos(db):
    assert {model.name for model in catalog.available_media_models()} == {"sketch-image", "sketch-video"}


def test_a_model_learns_how_long_it_usually_takes(alice):
    for seconds in (2, 4, 30):
        made = factories.generation(alice, State.SUCCEEDED)
        Generation.objects.filter(pk=made.pk).update(
            released_at=made.enqueued_at, ended_at=made.enqueued_at + timedelta(seconds=seconds)
        )
    catalog.update_durations(factories.model().pk)
    model = factories.model()
    assert model.median_seconds == 4
    assert 4 < model.p95_seconds <= 30
