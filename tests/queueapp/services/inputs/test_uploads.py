"""Which uploads are accepted, what is stored, and when it is deleted."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from django_q.models import Schedule

from queueapp import tasks
from queueapp.errors import BadInput, BadRequest, NotFound, TooLarge
from queueapp.models import Generation, Input
from queueapp.processes import schedules
from queueapp.services import inputs
from tests import factories, media


@pytest.mark.parametrize(
    ("body", "content_type"), [(factories.png(), "image/png"), (media.mp4(), "video/mp4")]
)
def test_an_upload_is_stored_with_its_real_type_and_a_thumbnail(namespace, body, content_type):
    row = inputs.save_upload(namespace, BytesIO(body))
    assert (row.content_type, row.size, row.used_at) == (content_type, len(body), None)
    with default_storage.open(row.file) as file:
        assert file.read() == body
    with default_storage.open(inputs.get_thumbnail(row)) as file:
        assert file.read()[8:12] == b"WEBP"


@pytest.mark.parametrize(
    "body", [b"", b"<svg/>", b"just words", factories.png()[:40], media.decompression_bomb()]
)
def test_a_file_that_is_no_image_or_video_is_refused_and_not_stored(namespace, body, stored_files):
    with pytest.raises(BadInput, match=r"^This file cannot be used\. It .*\.$"):
        inputs.save_upload(namespace, BytesIO(body))
    assert not Input.objects.exists()
    assert stored_files() == []


@pytest.mark.parametrize(
    ("body", "wanted", "message"),
    [
        (media.mp4(), "image", "This is a video. Choose an image."),
        (factories.png(), "video", "This is an image. Choose a video."),
    ],
)
def test_the_wrong_kind_of_file_is_refused(namespace, body, wanted, message, stored_files):
    with pytest.raises(BadInput, match=message):
        inputs.save_upload(namespace, BytesIO(body), wanted=wanted)
    assert stored_files() == []


def test_a_file_that_is_too_large_is_refused_and_not_stored(namespace, settings, stored_files):
    settings.DROVER_MAX_INPUT_BYTES = 50
    with pytest.raises(TooLarge, match="can have at most"):
        inputs.save_upload(namespace, BytesIO(factories.png()))
    assert stored_files() == []


def test_an_upload_whose_row_cannot_be_saved_leaves_no_file(namespace, stored_files, monkeypatch):
    def fail(*_, **__):
        raise OSError("The database is full.")

    monkeypatch.setattr(Input, "save", fail)
    with pytest.raises(OSError, match="full"):
        inputs.save_upload(namespace, BytesIO(factories.png()))
    assert stored_files() == []


def test_a_missing_thumbnail_is_made_again(upload):
    name = inputs.get_thumbnail(upload)
    default_storage.delete(name)
    assert inputs.get_thumbnail(upload) == name
    assert default_storage.exists(name)


def test_an_input_that_is_no_image_or_video_has_no_thumbnail(alice):
    factories.enqueue(alice, image="data:image/png,nonsense")
    with pytest.raises(NotFound):
        inputs.get_thumbnail(Input.objects.get())


# Retention


def test_an_upload_is_kept_once_a_submission_uses_it(alice, upload):
    factories.enqueue(alice, image=inputs.build_reference(upload.pk))
    upload.refresh_from_db()
    assert upload.used_at is not None
    assert inputs.delete_unused(timezone.now() + timedelta(days=400)) == 0


def test_an_unused_upload_is_deleted_after_a_day(upload, stored_files):
    assert inputs.delete_unused(timezone.now() + timedelta(hours=23)) == 0
    assert len(stored_files()) == 2
    assert inputs.delete_unused(timezone.now() + timedelta(hours=25)) == 1
    assert stored_files() == []
    assert not Input.objects.exists()


def test_unused_uploads_are_deleted_every_hour(upload):
    schedules.create_schedules()
    schedule = Schedule.objects.get(name=schedules.CLEAN_UP)
    assert (schedule.func, schedule.minutes) == ("queueapp.tasks.clean_up", 60)
    Input.objects.update(created_at=timezone.now() - timedelta(days=2))
    tasks.clean_up()
    assert not Input.objects.exists()


def test_a_submission_whose_upload_is_deleted_meanwhile_is_refused(alice, upload, monkeypatch):
    def delete_upload(params, namespace):
        inputs.delete_unused(timezone.now() + timedelta(days=2))
        return params, []

    monkeypatch.setattr(inputs, "extract_data_uris", delete_upload)
    with pytest.raises(BadRequest, match="Choose it again"):
        factories.enqueue(alice, image=inputs.build_reference(upload.pk))
    assert not Generation.objects.exists()
