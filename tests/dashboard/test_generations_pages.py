"""Cancelling, and one generation's page."""

import json
import re
import shlex
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from queueapp.models import Input, Submission
from queueapp.services import accounts, generations
from queueapp.services.lifecycle.transitions import log_event, transition
from queueapp.states import State
from tests import factories

HTMX = {"HX-Request": "true"}


def html_of(answer) -> str:
    return answer.content.decode()


def test_a_change_between_the_version_and_the_row_is_told_next_time(
    alices_browser: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = factories.generation(alice, State.PROCESSING)
    real = generations.get_generation

    def and_then_it_ends(*args):
        found = real(*args)
        transition(made, State.FAILED, reason="It broke.")
        return found

    monkeypatch.setattr("dashboard.views.generations.generations.get_generation", and_then_it_ends)
    html = html_of(alices_browser.get(f"/generations/{made.pk}/status/"))
    monkeypatch.undo()
    since = re.search(r'name="since" value="(\d+)"', html)
    assert since is not None
    told = alices_browser.get(f"/generations/{made.pk}/status/", {"since": since[1]})
    assert "It broke." in html_of(told)


def test_cancelling_without_scripts_leads_back_to_where_it_was_asked(
    alices_browser: Client, alice: User
) -> None:
    made = factories.generation(alice)
    here = f"http://testserver/generations/{made.pk}/"
    answer = alices_browser.post(reverse("cancel", args=[made.pk]), headers={"Referer": here})
    assert answer["Location"] == here
    made.refresh_from_db()
    assert made.state == State.CANCELLED


def test_cancelling_never_leads_to_another_site(alices_browser: Client, alice: User) -> None:
    made = factories.generation(alice)
    answer = alices_browser.post(
        reverse("cancel", args=[made.pk]), headers={"Referer": "https://evil.example/"}
    )
    assert answer["Location"] == "/"


def test_cancelling_with_scripts_wakes_the_page(alices_browser: Client, alice: User) -> None:
    made = factories.generation(alice)
    answer = alices_browser.post(reverse("cancel", args=[made.pk]), headers=HTMX)
    assert answer.status_code == 204
    assert "drover:wake" in json.loads(answer["HX-Trigger"])


def test_cancelling_what_has_ended_says_so(alices_browser: Client, alice: User) -> None:
    made = factories.generation(alice, State.SUCCEEDED)
    answer = alices_browser.post(reverse("cancel", args=[made.pk]), headers=HTMX)
    assert answer.status_code == 204
    assert "ended already" in json.loads(answer["HX-Trigger"])["drover:told"]["text"]


def test_a_link_cannot_cancel(alices_browser: Client, alice: User) -> None:
    made = factories.generation(alice)
    assert alices_browser.get(reverse("cancel", args=[made.pk])).status_code == 405


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_page(alices_browser: Client, alice: User, state: State) -> None:
    made = factories.generation(alice, state)
    html = html_of(alices_browser.get(reverse("generation", args=[made.pk])))
    assert f'data-status="{state.value}"' in html
    assert ("data-result" in html) == (state is State.SUCCEEDED)


def test_the_page_shows_the_result_as_soon_as_it_is_stored(alices_browser: Client, alice: User) -> None:
    made = factories.generation(alice, State.SUCCEEDED)
    html = html_of(alices_browser.get(reverse("generation", args=[made.pk])))
    assert f'<img data-result width="64" height="48" src="/generations/{made.pk}/result/"' in html
    assert "a sketch by the built-in engine" in html


def test_the_page_tells_who_asked_and_through_which_door(alices_browser: Client, alice: User) -> None:
    token, _ = accounts.create_token(alice, "storyboard")
    caller = generations.Caller(alice, Submission.Source.API, token)
    made = generations.enqueue(caller, "sketch-image", {"prompt": "a fox"})[0]
    html = html_of(alices_browser.get(reverse("generation", args=[made.pk])))
    assert "by alice, with the token “storyboard”" in html


def test_the_timeline_tells_who_cancelled(alices_browser: Client, alice: User) -> None:
    made = factories.generation(alice)
    generations.cancel(made, alice)
    html = html_of(alices_browser.get(reverse("generation", args=[made.pk])))
    timeline = html[html.index('id="timeline"') :]
    assert timeline.index("Queued") < timeline.index("Cancelled") < timeline.index("Before it started.")


def test_an_open_page_learns_the_hubs_name_for_it_and_what_it_cost(
    alices_browser: Client, alice: User
) -> None:
    made = factories.generation(alice, State.PROCESSING)
    page = html_of(alices_browser.get(reverse("generation", args=[made.pk])))
    assert "At the hub" not in page
    log_event(made, "cost told", text="0.04", cost=Decimal("0.0400"), upstream_id="a-name-at-the-hub")
    since = re.search(r'id="since"[^>]*value="(\d+)"', page)
    assert since
    told = html_of(alices_browser.get(f"/generations/{made.pk}/status/", {"since": since[1]}))
    facts = told[told.index('<section id="facts"') :]
    assert 'hx-swap-oob="true"' in facts.partition(">")[0]
    assert "a-name-at-the-hub" in facts
    assert "0.04 " in facts


@pytest.mark.parametrize(("tries", "lines"), [(1, 4), (2, 3), (40, 3)])
def test_tries_that_were_refused_for_now_are_one_line(
    alices_browser: Client, alice: User, tries: int, lines: int
) -> None:
    made = factories.generation(alice)
    for number in range(tries):
        transition(made, State.SUBMITTING)
        transition(made, State.QUEUED, text=f"The hub is busy ({number}).")
    transition(made, State.SUBMITTING)
    html = html_of(alices_browser.get(reverse("generation", args=[made.pk])))
    timeline = html[html.index('id="timeline"') :]
    assert timeline.count("<li ") == lines
    assert f"The hub is busy ({tries - 1})." in timeline
    assert (f"Tried {tries} times since" in timeline) == (tries > 1)


def test_a_failure_says_what_happened_what_it_means_and_what_to_do(
    alices_browser: Client, alice: User
) -> None:
    made = factories.generation(alice, State.PROCESSING)
    transition(
        made, State.FAILED, reason="The model refused it.", raw_reason="422 <b>bad</b>", category="parameters"
    )
    html = html_of(alices_browser.get(reverse("generation", args=[made.pk])))
    for words in ("The model refused it.", "never started on it", "change the setting", "422 &lt;b&gt;bad"):
        assert words in html


def test_siblings_lead_to_each_other(alices_browser: Client, alice: User) -> None:
    made = factories.enqueue(alice, count=3)
    html = html_of(alices_browser.get(reverse("generation", args=[made[0].pk])))
    siblings = html[html.index('id="siblings"') :]
    assert [str(each.pk) in siblings for each in made] == [True] * 3
    alone = factories.generation(alice)
    html = html_of(alices_browser.get(reverse("generation", args=[alone.pk])))
    assert "<a" not in html[html.index('id="siblings"') :].split("</nav>")[0]


def test_a_stored_input_is_shown_small(alices_browser: Client, alice: User) -> None:
    made = factories.generation(
        alice, input_image=["data:image/png;base64,iVBORw0KGgo=", "https://a.b/c.png"]
    )
    html = html_of(alices_browser.get(reverse("generation", args=[made.pk])))
    assert f'<img src="/inputs/{Input.objects.get().pk}/thumbnail/" alt="stored input"' in html
    assert "https://a.b/c.png" in html


def test_the_curl_call_asks_for_the_same_again(alices_browser: Client, alice: User) -> None:
    made = factories.enqueue(alice, prompt='it\'s a "fox" & <co>', count=2, seed=4)[0]
    answer = alices_browser.get(reverse("generation", args=[made.pk]))
    words = shlex.split(answer.context["curl"])
    assert words[:2] == ["curl", "http://testserver/api/ai/queue"]
    assert json.loads(words[words.index("-d") + 1]) == {
        "model": "sketch-image",
        "num_generations": 2,
        "prompt": 'it\'s a "fox" & <co>',
        "seed": 4,
    }


def test_the_live_part_answers_only_when_something_changed(alices_browser: Client, alice: User) -> None:
    made = factories.generation(alice)
    address = reverse("generation-status", args=[made.pk])
    page = alices_browser.get(reverse("generation", args=[made.pk]))
    seen = page.context["latest"]
    assert alices_browser.get(address, {"since": seen}).status_code == 204
    transition(made, State.SUBMITTING)
    html = html_of(alices_browser.get(address, {"since": seen}))
    assert 'id="head" class="head" data-status="submitting"' in html
    assert "<html" not in html


def test_a_siblings_change_leaves_a_playing_video_alone(alices_browser: Client, alice: User) -> None:
    first, second = factories.enqueue(alice, count=2)
    seen = alices_browser.get(reverse("generation", args=[first.pk])).context["latest"]
    transition(second, State.SUBMITTING)
    html = html_of(alices_browser.get(reverse("generation-status", args=[first.pk]), {"since": seen}))
    assert 'id="siblings"' in html
    assert 'id="result"' not in html


def test_the_page_costs_the_same_however_long_the_history(
    alices_browser: Client, alice: User, django_assert_max_num_queries
) -> None:
    made = factories.enqueue(alice, count=4)[0]
    with django_assert_max_num_queries(8):
        alices_browser.get(reverse("generation", args=[made.pk]))


def test_a_missing_generation_has_a_designed_page(alices_browser: Client) -> None:
    answer = alices_browser.get(reverse("generation", args=[uuid4()]))
    assert answer.status_code == 404
    assert "There is nothing here" in html_of(answer)


def test_an_error_answers_a_fragment_in_plain_words(alices_browser: Client) -> None:
    answer = alices_browser.get(reverse("generation-status", args=[uuid4()]), headers=HTMX)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "text/plain"
    assert html_of(answer) == "There is no such generation."


def test_a_page_without_scripts_can_reload_itself(alices_browser: Client) -> None:
    assert 'http-equiv="refresh" content="5"' in html_of(alices_browser.get("/", {"refresh": "5"}))
    assert "http-equiv" not in html_of(alices_browser.get("/"))


@pytest.mark.parametrize("template", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_need_nothing_but_themselves(template: str) -> None:
    from django.template.loader import render_to_string

    html = render_to_string(template)
    assert "Go to the queue" in html
