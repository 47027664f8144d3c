"""Signed links, with which a hub fetches an input."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from queueapp.models import Input
from queueapp.services import input_links, inputs
from tests import factories
from tests.dashboard.media_models import create_models, store_input


@pytest.fixture(autouse=True)
def _media_models(db) -> None:
    create_models()


def link_to(reference: str, **lifetime: float) -> str:
    input_id = inputs.parse_reference(reference)
    assert input_id is not None
    return input_links.build_link("", input_id, timezone.now() + timedelta(**(lifetime or {"hours": 1})))


def test_a_hub_fetches_an_input_by_its_link_without_signing_in(client: Client, alice: User) -> None:
    response = client.get(link_to(store_input(alice)))
    assert response.getvalue() == factories.png()
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert not response.cookies


def test_an_expired_or_altered_link_is_not_found(client: Client, alice: User) -> None:
    reference = store_input(alice)
    good = link_to(reference)
    other = link_to(store_input(alice))
    expired = link_to(reference, seconds=-1)
    mixed = f"{other.partition(':')[0]}:{good.partition(':')[2]}"
    for bad in (expired, good[:-2] + "/", mixed, "/inputs/shared/nonsense/"):
        response = client.get(bad)
        assert response.status_code == 404
        assert not response.cookies


def test_html_that_a_script_sent_is_a_download_under_a_link(client: Client, alice: User) -> None:
    factories.enqueue(alice, "edit", input_image="data:text/html,<script>alert(1)</script>")
    response = client.get(link_to(f"drover-input:{Input.objects.get().pk}"))
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")
    response.close()
