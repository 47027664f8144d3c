"""A POST without a usable response is searched for at the hub, and never sent twice."""

import pytest

from queueapp.models import Generation
from queueapp.poller import reconcile
from queueapp.services.lifecycle import submitting
from queueapp.states import State
from queueapp.upstream.errors import AmbiguousResponse
from tests import factories
from tests.hub import misbehaviour as mis
from tests.hub.server import until
from tests.queueapp.poller.conftest import reason, states

IMAGE_INPUT = "data:image/png;base64,iVBORw0KGgo="

LOST_RESPONSES = [
    mis.status(500, worked=True),
    mis.html(502, worked=True),
    mis.half_json(),
    mis.status_error(worked=True),
    mis.empty_list(worked=True),
    mis.reset_after(),
    mis.hang(worked=True),
]


def test_generations_whose_response_was_lost_are_found_and_not_made_twice(team, any_hub, subtests):
    team = team(any_hub)
    for number, plan in enumerate(LOST_RESPONSES, 1):
        with subtests.test(plan.name):
            generations = team.asks(2)
            team.tick_with("enqueue", plan)
            until(lambda: len(team.at_hub) == 2 * team.posts)
            team.tick()
            assert states(*generations) == ["processing"] * 2
            assert team.posts == number
            assert team.known_ids == team.hub_ids
            team.finish()


def test_generations_with_an_input_are_found_too(team, current_hub):
    team = team(current_hub)
    generations = team.asks(input_image=IMAGE_INPUT)
    team.tick_with("enqueue", mis.reset_after())
    team.tick()
    assert states(*generations) == ["processing"]


def test_generations_missing_from_the_response_are_found(team, current_hub):
    team = team(current_hub)
    generations = team.asks(3)
    team.tick_with("enqueue", mis.fewer(2))
    team.tick()
    assert states(*generations) == ["processing"] * 3
    assert len(team.known_ids) == 3


def test_generations_that_ended_before_the_search_are_found_where_the_hub_keeps_rows(team, current_hub):
    team = team(current_hub)
    generations = team.asks(2)
    team.tick_with("enqueue", mis.lost_unseen())
    team.tick()
    assert states(*generations) == ["succeeded"] * 2
    assert Generation.objects.filter(download__isnull=False).count() == 2


@pytest.mark.parametrize("skew", [-7200, 7200])
def test_generations_are_found_at_a_hub_whose_clock_is_wrong(team, current_hub, skew):
    team = team(current_hub)
    current_hub.skew = skew
    generations = team.asks()
    team.tick_with("enqueue", mis.reset_after())
    team.tick()
    assert states(*generations) == ["processing"]
    assert abs(team.refreshed().clock_offset - skew) < 5


# Rows that belong to others


def test_a_row_from_before_the_post_is_not_taken_for_it(team, current_hub):
    team = team(current_hub)
    team.asks(model=team.video)
    team.tick()
    foreign = current_hub.make(team.image, {"prompt": "a lighthouse at dawn"})
    team.tick()  # lists the foreign generation before the POST
    generations = team.asks()
    team.tick_with("enqueue", mis.status(500))
    team.tick(2)
    assert states(*generations) == ["uncertain"]
    assert foreign.id not in team.known_ids


def test_a_row_is_assigned_once(team, current_hub):
    team = team(current_hub)
    first, second = team.asks()[0], team.asks()[0]
    team.tick_with("enqueue", mis.reset_after(), mis.status(500))
    team.tick(2)
    assert sorted(states(first, second)) == ["processing", "uncertain"]
    assert len(team.at_hub) == 1


def test_a_row_is_assigned_once_among_two_connections_to_one_namespace(team, current_hub):
    team = team(current_hub)
    second = factories.hub_connection(current_hub, "second", priority=-1)
    factories.hub_model(second, team.image)
    generations = [team.asks()[0], team.asks(model=f"second/{team.image}")[0]]
    team.tick_with("enqueue", mis.reset_after(), mis.status(500))
    team.tick(2)
    assert states(*generations) == ["processing", "uncertain"]
    assert len(team.at_hub) == 1


# The end of a search without a match


def test_a_generation_that_was_never_made_is_safe_to_run_again_where_the_hub_keeps_rows(team, current_hub):
    team = team(current_hub)
    generation = team.asks()[0]
    team.tick_with("enqueue", mis.status(500))
    team.tick(len(reconcile.RETRY_DELAYS))
    assert states(generation) == ["uncertain"]  # the POST may still be on its way
    team.age_lost_posts(minutes=3)
    team.tick()
    assert states(generation) == ["failed"]
    assert "safe to run it again" in reason(generation)
    assert team.posts == 1


@pytest.mark.parametrize("revision", ["classic", "bridge"])
def test_elsewhere_users_are_warned_that_it_may_be_billed(team, revision, request):
    team = team(request.getfixturevalue(f"{revision}_hub"))
    generation = team.asks()[0]
    team.tick_with("enqueue", mis.lost_unseen())
    team.tick(len(reconcile.RETRY_DELAYS))
    assert states(generation) == ["uncertain"]
    team.age_lost_posts(minutes=3)
    team.tick()
    assert states(generation) == ["lost"]
    assert "may have made and billed it" in reason(generation)
    assert team.posts == 1


def test_users_are_warned_of_a_bill_while_a_row_of_that_time_could_be_their_generation(team, current_hub):
    team = team(current_hub)
    generation = team.asks(input_image="https://files.example/mine.png")[0]
    team.tick_with("enqueue", mis.reset_after())
    made = team.at_hub[0]
    made.params["input_image"] = "https://hub.example/kept/1.png"  # the hub echoes a link of its own
    team.tick(2)
    assert states(generation) == ["uncertain"]
    team.age_lost_posts(minutes=3)
    made.enqueued_at -= 180
    team.tick()
    assert states(generation) == ["lost"]
    assert "may have made and billed it" in reason(generation)


def test_a_search_whose_lists_always_fail_ends_after_half_an_hour(team, current_hub, monkeypatch):
    team = team(current_hub)
    generation = team.asks()[0]
    team.tick_with("enqueue", mis.reset_after())

    def fail(*_):
        raise AmbiguousResponse("Too large.")

    monkeypatch.setattr(reconcile, "_list_generations", fail)
    team.age_lost_posts(minutes=20)
    team.tick()
    assert states(generation) == ["uncertain"]
    team.age_lost_posts(minutes=31)
    team.tick()
    assert states(generation) == ["lost"]
    assert "may have made and billed it" in reason(generation)


def test_a_search_whose_lists_the_hub_rejects_ends_after_half_an_hour(team, current_hub):
    team = team(current_hub)
    generation = team.asks()[0]
    team.tick_with("enqueue", mis.reset_after())
    current_hub.misbehave("list", *[mis.status(422)] * 9)
    team.age_lost_posts(minutes=31)
    team.tick()
    assert states(generation) == ["lost"]
    assert "may have made and billed it" in reason(generation)


def test_a_list_that_makes_no_sense_is_requested_again_within_the_search(team, current_hub):
    team = team(current_hub)
    generation = team.asks()[0]
    team.tick_with("enqueue", mis.reset_after())
    current_hub.misbehave("list", *[mis.half_json()] * reconcile.MAX_LIST_RETRIES)
    team.tick()
    assert states(generation) == ["processing"]
    assert team.refreshed().consecutive_failures == 0


def test_the_search_lasts_as_long_as_a_slow_upload_of_a_dead_poller(team, current_hub):
    team = team(current_hub)
    generation = team.asks(input_image=f"data:image/png;base64,{'AAAA' * 500_000}")[0]
    claimed = submitting.claim_submission(
        generation.submission_id, team.owner.pk, team.connection, team.fence
    )
    assert submitting.mark_posting(claimed, team.fence)
    team.replace_poller()
    team.tick()
    generation.refresh_from_db()
    assert generation.state == State.UNCERTAIN
    assert (generation.answered_at - generation.posted_at).total_seconds() >= 25 + 16
