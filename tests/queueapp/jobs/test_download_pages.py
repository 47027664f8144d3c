"""What users see of a result that is not stored yet, and who may retry."""

from queueapp.models import Download
from queueapp.states import State
from tests import factories
from tests.hub import misbehaviour as mis
from tests.pages import read
from tests.queueapp.jobs.attempts import acquire, attempt, make_due


def test_the_page_of_a_generation_says_why_its_result_is_missing_and_offers_a_retry(
    ended, current_hub, alices_browser
):
    address = f"/generations/{ended.pk}/"
    assert "downloading the result" in read(alices_browser.get(address)).text
    current_hub.misbehave("result", mis.status(500))
    attempt(ended)
    page = read(alices_browser.get(address))
    assert "Result not stored yet" in page.text
    assert "answered with HTTP 500" in page.text
    assert "Next attempt at" in page.text
    assert not page.has("[data-result]")
    alices_browser.post(page.link("Retry now"))
    attempt(ended)
    assert read(alices_browser.get(address)).has("[data-result]")


def test_the_page_shows_a_running_retry_instead_of_the_button(ended, current_hub, alices_browser):
    address = f"/generations/{ended.pk}/"
    current_hub.misbehave("result", mis.status(500))
    attempt(ended)
    assert read(alices_browser.get(address)).has_link("Retry now")
    ended.refresh_from_db()
    version = ended.version
    make_due()
    acquire(ended)
    page = read(alices_browser.get(address))
    assert "Retrying now." in page.text
    assert not page.has_link("Retry now")
    ended.refresh_from_db()
    assert ended.version > version


def test_the_table_says_why_a_result_is_missing(ended, current_hub, alices_browser):
    current_hub.misbehave("result", mis.status(500))
    attempt(ended)
    row = read(alices_browser.get("/")).row(ended)
    assert "Result not stored yet: The link to the result answered with HTTP 500." in row.text


def test_the_table_polls_often_only_while_a_result_is_downloaded(ended, current_hub, alices_browser):
    assert read(alices_browser.get("/")).one("[data-pending-count]")["data-pending-count"] == "1"
    for _ in range(2):
        make_due()
        current_hub.misbehave("result", mis.status(500))
        attempt(ended)
    page = read(alices_browser.get("/"))
    assert "Result not stored yet" in page.row(ended).text
    assert page.one("[data-pending-count]")["data-pending-count"] == "0"


def test_after_the_last_attempt_the_page_says_what_to_do_and_keeps_the_button(ended, alices_browser):
    Download.objects.update(next_attempt_at=None, last_error="It was not there.")
    page = read(alices_browser.get(f"/generations/{ended.pk}/"))
    assert "The result could not be stored" in page.text
    assert "own account before you run it again" in page.text
    assert page.has_link("Retry now")


def test_a_generation_without_a_known_outcome_says_what_is_known_and_what_to_do(alice, alices_browser):
    generation = factories.generation(alice, State.FINISHED)
    page = read(alices_browser.get(f"/generations/{generation.pk}/"))
    assert "gave no reason" not in page.text
    assert "The hub did not report the outcome" in page.text
    assert "own account before you run it again" in page.text


def test_staff_retry_a_download_in_the_admin(ended, admins_browser):
    Download.objects.update(next_attempt_at=None)
    selection = {"action": "retry_downloads", "_selected_action": [str(ended.pk)]}
    page = read(admins_browser.post("/admin/queueapp/generation/", selection, follow=True))
    assert "Downloading 1 result again." in page.text
    assert Download.objects.get().next_attempt_at


def test_users_cannot_retry_downloads_of_other_users(ended, bobs_browser):
    Download.objects.update(next_attempt_at=None)
    bobs_browser.post(f"/generations/{ended.pk}/retry-download/")
    assert Download.objects.get().next_attempt_at is None
