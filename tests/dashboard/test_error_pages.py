"""Errors have pages of their own; scripts get plain text."""

from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from tests.pages import read


def test_a_missing_generation_has_an_error_page(alices_browser: Client) -> None:
    response = alices_browser.get(reverse("generation", args=[uuid4()]))
    assert response.status_code == 404
    page = read(response)
    assert page.heading == "Page not found"
    assert page.link("Go to the queue") == "/"


def test_scripts_get_an_error_as_plain_text(alices_browser: Client) -> None:
    response = alices_browser.get(
        reverse("generation-status", args=[uuid4()]), headers={"HX-Request": "true"}
    )
    assert response.status_code == 404
    assert response["Content-Type"] == "text/plain"
    assert response.content.decode() == "There is no such generation."


def test_an_upload_without_a_file_has_an_error_page(alices_browser: Client) -> None:
    response = alices_browser.post("/inputs/", {"name": "param-input_image", "wanted": "image"})
    page = read(response)
    assert response.status_code == 400
    assert page.heading == "That did not work"
    assert "That file is empty." in page.text
    assert page.link("Go to the queue") == "/"


@pytest.mark.parametrize("template", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_render_without_a_request(template: str) -> None:
    assert read(render_to_string(template)).link("Go to the queue") == "/"
