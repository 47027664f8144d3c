"""The page of a generation shows its result, parameters and timeline, and updates itself."""

import json
import shlex
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from queueapp.models import Event, Generation, Input, Submission
from queueapp.services import accounts, generations
from queueapp.services.lifecycle.transitions import log_event, transition
from queueapp.states import STATE_TEXTS, State
from tests import factories
from tests.pages import Page, read


def load(browser: Client, generation: Generation) -> Page:
    return read(browser.get(reverse("generation", args=[generation.pk])))


def poll(browser: Client, generation: Generation, since: str) -> Page:
    response = browser.get(reverse("generation-status", args=[generation.pk]), {"since": since})
    assert response.status_code == 200
    return read(response)


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_page(alices_browser: Client, alice: User, state: State) -> None:
    page = load(alices_browser, factories.generation(alice, state))
    assert page.attribute("#header", "data-status") == state.value
    assert page.text_in("#header .state-label") == STATE_TEXTS[state].label
    assert page.has("[data-result]") == (state is State.SUCCEEDED)


def test_the_page_shows_a_stored_result(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice, State.SUCCEEDED)
    page = load(alices_browser, generation)
    image = page.one("img[data-result]")
    assert image["src"] == f"/generations/{generation.pk}/result/"
    assert (image["width"], image["height"]) == ("64", "48")
    assert page.link("Download") == f"/generations/{generation.pk}/result/?download"
    assert page.text_in("figcaption") == "64 × 48 · 1 kB · image/png · a sketch by the built-in engine"


def test_the_page_tells_who_submitted_it_and_how(alices_browser: Client, alice: User) -> None:
    token, _ = accounts.create_token(alice, "storyboard")
    caller = generations.Caller(alice, Submission.Source.API, token)
    from_script = generations.enqueue(caller, "sketch-image", {"prompt": "a fox"})[0]
    from_page = factories.generation(alice)
    assert "by alice, with the token “storyboard”" in load(alices_browser, from_script).text_in("#parameters")
    assert "by alice, on the page" in load(alices_browser, from_page).text_in("#parameters")


def test_the_page_shows_every_parameter(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice, seed=7, tags=["a", "b"], wide=True)
    page = load(alices_browser, generation)
    names, values = page.texts(".properties dt"), page.texts(".properties dd")
    parameters = dict(zip(names, values, strict=True))
    assert parameters["Model"] == "Sketch Image sketch-image · builtin"
    assert (parameters["seed"], parameters["tags"], parameters["wide"]) == ("7", "a b", "true")
    assert (parameters["Namespace"], parameters["ID"]) == ("alice", str(generation.pk))
    assert "prompt" not in parameters


def test_the_page_shows_the_prompt_with_its_line_breaks(alices_browser: Client, alice: User) -> None:
    prompt = "a fox\nin the snow"
    page = load(alices_browser, factories.generation(alice, prompt=prompt))
    # The heading keeps white space, so it must contain nothing but the prompt.
    assert page.one("h1").get_text() == prompt


def test_the_page_lists_the_shots_of_a_video(alices_browser: Client, alice: User) -> None:
    shots = [{"prompt": "dawn", "duration": 2}, {"prompt": "noon"}]
    generation = generations.enqueue(generations.Caller(alice), "sketch-video", {"multi_prompt": shots})[0]
    assert load(alices_browser, generation).texts(".shot-prompts li") == ["dawn 2 s", "noon"]


def test_the_timeline_tells_who_cancelled(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice)
    generations.cancel(generation, alice)
    page = load(alices_browser, generation)
    assert page.texts("#timeline .state") == ["Queued", "Cancelled"]
    assert page.texts("#timeline .entry-text") == ["by alice", "by alice Before it started."]


@pytest.mark.parametrize(("attempts", "entries"), [(1, 4), (2, 3), (40, 3)])
def test_consecutive_refused_attempts_are_one_timeline_entry(
    alices_browser: Client, alice: User, attempts: int, entries: int
) -> None:
    generation = factories.generation(alice)
    for number in range(attempts):
        transition(generation, State.SUBMITTING)
        transition(generation, State.QUEUED, text=f"The hub is busy ({number}).")
    transition(generation, State.SUBMITTING)
    page = load(alices_browser, generation)
    timeline = page.text_in("#timeline")
    assert len(page.all("#timeline li")) == entries
    assert f"The hub is busy ({attempts - 1})." in timeline
    assert (f"Tried {attempts} times since" in timeline) == (attempts > 1)


def test_a_failure_shows_what_happened_what_it_means_and_what_to_do(
    alices_browser: Client, alice: User
) -> None:
    generation = factories.generation(alice, State.PROCESSING)
    transition(
        generation,
        State.FAILED,
        reason="The model refused it.",
        raw_reason="422 <b>bad</b>",
        category="parameters",
    )
    page = load(alices_browser, generation)
    assert page.texts(".failure-help > p") == [
        "The model refused it.",
        "The model never started, so there is no result.",
        "Use it again and change the setting named above.",
    ]
    assert page.text_in(".failure-help pre") == "422 <b>bad</b>"


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.CANCELLED, State.PROCESSING])
def test_a_generation_that_did_not_fail_needs_no_help(
    alices_browser: Client, alice: User, state: State
) -> None:
    assert not load(alices_browser, factories.generation(alice, state)).has(".failure-help")


def test_generations_of_a_submission_link_to_each_other(alices_browser: Client, alice: User) -> None:
    submission = factories.enqueue(alice, count=3)
    page = load(alices_browser, submission[1])
    links = page.all("#submission a")
    assert [link["href"] for link in links] == [f"/generations/{each.pk}/" for each in submission]
    assert [link.get("aria-current") for link in links] == [None, "page", None]
    assert page.texts("#submission a") == ["Number 1, Queued", "Number 2, Queued", "Number 3, Queued"]
    assert not load(alices_browser, factories.generation(alice)).has("#submission a")


def test_a_stored_input_is_shown_as_a_thumbnail(alices_browser: Client, alice: User) -> None:
    inputs = ["data:image/png;base64,iVBORw0KGgo=", "https://a.b/c.png"]
    page = load(alices_browser, factories.generation(alice, input_image=inputs))
    stored = Input.objects.get()
    assert page.attribute('img[alt="Stored input"]', "src") == f"/inputs/{stored.pk}/thumbnail/"
    assert page.has(f'a[href="/inputs/{stored.pk}/"]')
    assert "https://a.b/c.png" in page.text_in("#parameters")


def test_the_curl_command_submits_the_same_again(alices_browser: Client, alice: User) -> None:
    prompt = 'it\'s a "fox" & <co>'
    generation = factories.enqueue(alice, prompt=prompt, count=2, seed=4)[0]
    arguments = shlex.split(load(alices_browser, generation).one("#curl").get_text())
    assert arguments[:2] == ["curl", "http://testserver/api/ai/queue"]
    assert "Authorization: Bearer $DROVER_TOKEN" in arguments
    assert json.loads(arguments[arguments.index("-d") + 1]) == {
        "model": "sketch-image",
        "num_generations": 2,
        "prompt": prompt,
        "seed": 4,
    }


def test_a_poll_answers_only_when_something_changed(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice)
    since = load(alices_browser, generation).version
    url = reverse("generation-status", args=[generation.pk])
    assert alices_browser.get(url, {"since": since}).status_code == 204
    transition(generation, State.SUBMITTING)
    changes = poll(alices_browser, generation, since)
    assert changes.attribute("#header", "data-status") == "submitting"
    assert not changes.has("html")
    assert alices_browser.get(url, {"since": changes.version}).status_code == 204


@pytest.mark.parametrize("since", ["", "nonsense", "²", "-1"])
def test_a_poll_with_a_malformed_version_brings_everything(
    alices_browser: Client, alice: User, since: str
) -> None:
    changes = poll(alices_browser, factories.generation(alice), since)
    assert all(changes.has(f"#{part}") for part in ("result", "header", "parameters", "timeline"))


def test_a_change_of_another_generation_does_not_stop_a_playing_video(
    alices_browser: Client, alice: User
) -> None:
    first, second = factories.enqueue(alice, count=2)
    since = load(alices_browser, first).version
    transition(second, State.SUBMITTING)
    changes = poll(alices_browser, first, since)
    assert changes.texts("#submission a") == ["Number 1, Queued", "Number 2, Sending"]
    assert not changes.has("#result")


def test_a_change_while_the_answer_is_built_comes_with_the_next_poll(
    alices_browser: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = factories.generation(alice, State.PROCESSING)
    get_generation = generations.get_generation

    def get_then_fail(*args):
        found = get_generation(*args)
        transition(generation, State.FAILED, reason="It broke.")
        return found

    monkeypatch.setattr("dashboard.views.generations.generations.get_generation", get_then_fail)
    first = poll(alices_browser, generation, "")
    monkeypatch.undo()
    assert "It broke." not in first.text
    assert "It broke." in poll(alices_browser, generation, first.version).text


def test_an_open_page_gets_the_hub_id_and_the_cost(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice, State.PROCESSING)
    page = load(alices_browser, generation)
    assert "Hub ID" not in page.text
    log_event(
        generation,
        Event.Kind.COST_RECORDED,
        text="0.04",
        cost=Decimal("0.0400"),
        upstream_id="a-name-at-the-hub",
    )
    changes = poll(alices_browser, generation, page.version)
    assert changes.attribute("#parameters", "hx-swap-oob") == "true"
    assert "Hub ID a-name-at-the-hub" in changes.text_in("#parameters")
    assert "Cost 0.04 reported by the hub" in changes.text_in("#parameters")


def test_the_page_needs_as_many_queries_for_any_history(
    alices_browser: Client, alice: User, django_assert_max_num_queries
) -> None:
    generation = factories.enqueue(alice, count=4)[0]
    with django_assert_max_num_queries(8):
        load(alices_browser, generation)
