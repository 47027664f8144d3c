"""What people are told when a hub is in trouble."""

from django.core.cache import cache

from queueapp.models import Connection
from tests import factories


def test_people_are_told_why_their_work_waits_when_a_hub_is_in_trouble(
    alice, bob, alices_browser, bobs_browser
):
    hub = Connection.objects.create(
        name="oxen", revision="current", stopped=Connection.Stop.CREDITS, base_url="http://127.0.0.1:9"
    )
    factories.hub_model(hub)
    Connection.objects.filter(pk=hub.pk).update(stopped="")
    made = factories.enqueue(alice, "flux-1-dev")[0]
    Connection.objects.filter(pk=hub.pk).update(stopped=Connection.Stop.CREDITS)
    cache.clear()
    assert "its account is out of credits" in alices_browser.get("/").content.decode()
    assert "its account is out of credits" in alices_browser.get(f"/generations/{made.pk}/").content.decode()
    assert "out of credits" not in bobs_browser.get("/").content.decode()
    Connection.objects.filter(pk=hub.pk).update(stopped="", failures=9, trouble="No answer from the hub.")
    cache.clear()
    assert "No answer from the hub." in alices_browser.get("/").content.decode()
