"""A signed link opens one input, until it expires."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone

from queueapp.errors import NotFound
from queueapp.models import Input
from queueapp.services import accounts, input_links, inputs
from tests import factories


@pytest.fixture
def upload(alice) -> Input:
    return inputs.save_upload(accounts.get_or_create_namespace(alice), BytesIO(factories.png()))


def token(row: Input, **valid_for: float) -> str:
    link = input_links.build_link("", row.pk, timezone.now() + timedelta(**valid_for))
    return link.removeprefix("/inputs/shared/").rstrip("/")


def test_a_link_opens_its_input(upload):
    assert input_links.open_link(token(upload, hours=1)) == upload


@pytest.mark.parametrize("change", [lambda t: t[:-1] + "x", lambda t: "x" + t, lambda t: "", lambda t: "a:b"])
def test_a_changed_link_opens_nothing(upload, change):
    with pytest.raises(NotFound, match="not valid"):
        input_links.open_link(change(token(upload, hours=1)))


def test_a_link_expires(upload):
    with pytest.raises(NotFound, match="expired"):
        input_links.open_link(token(upload, seconds=-1))


def test_a_link_to_a_deleted_input_opens_nothing(upload):
    link = token(upload, hours=1)
    Input.objects.all().delete()
    with pytest.raises(NotFound):
        input_links.open_link(link)


def test_links_are_valid_for_a_day_after_the_enqueue():
    now = timezone.now()
    assert input_links.expiry_for(now) == now + timedelta(hours=24)
    assert timedelta(hours=24) <= input_links.expiry_for(None) - now <= timedelta(hours=48)
