"""What a hub's lists say of generations, and what they do not."""

import pytest
from django.utils import timezone

from queueapp import tasks
from queueapp.models import Download, ForeignGeneration, Generation
from queueapp.poller import poll
from queueapp.services.hubs import health
from queueapp.services.lifecycle import foreign, poll_schedule
from tests import factories
from tests.hub import misbehaviour as mis
from tests.queueapp.hubs.conftest import states

SAYS_NOTHING = [
    mis.status(500),
    mis.html(200),
    mis.html(502),
    mis.busy(429),
    mis.half_json(),
    mis.status_error(),
    mis.hang(),
    mis.reset_before(),
    mis.redirect("http://127.0.0.1:9/"),
    mis.answer(200, {"generations": None}),
    mis.answer(200, {"count": 3, "generations": []}),
]


def lists(hub) -> int:
    return len(hub.ledger.calls("list"))


def test_what_goes_is_shown_as_going_and_what_left_a_classic_list_is_finished_not_succeeded(
    team, classic_hub
):
    team = team(classic_hub)
    first, second = team.asks(2)
    team.tick(2)
    assert states(first, second) == ["processing", "processing"]
    classic_hub.finish(Generation.objects.get(pk=first.pk).upstream_id)
    team.tick()
    assert states(first, second) == ["finished", "processing"]
    assert not Download.objects.exists()


def test_a_current_hub_tells_the_outcome(team, current_hub):
    team = team(current_hub)
    good, bad, stopped = team.asks(3)
    team.tick()
    ids = dict(Generation.objects.values_list("pk", "upstream_id"))
    current_hub.finish(ids[good.pk])
    current_hub.fail(ids[bad.pk], "DataInspectionFailed: the words were refused")
    current_hub.cancel(ids[stopped.pk])
    team.tick()
    assert states(good, bad, stopped) == ["succeeded", "failed", "cancelled"]
    failed = Generation.objects.get(pk=bad.pk)
    assert failed.reason == "DataInspectionFailed: the words were refused"
    assert failed.category == "moderation"
    assert Download.objects.get().generation_id == good.pk


def test_a_bridge_hub_that_told_nothing_leaves_the_outcome_open(team, bridge_hub):
    team = team(bridge_hub)
    made = team.asks()
    team.tick()
    team.finish()
    team.tick()
    assert states(*made) == ["processing"]  # what an event has to tell may be on its way
    team.tick()
    assert states(*made) == ["finished"]


@pytest.mark.parametrize("plan", SAYS_NOTHING, ids=lambda plan: plan.name)
def test_an_answer_that_is_no_whole_list_ends_nothing(team, any_hub, plan):
    team = team(any_hub)
    made = team.asks(2)
    team.tick()
    team.finish()
    any_hub.misbehave("list", plan)
    team.tick()
    assert states(*made) == ["processing"] * 2
    team.tick(2)
    assert set(states(*made)) <= {"finished", "succeeded"}


@pytest.mark.parametrize(
    "plan",
    [mis.status(500), mis.html(404), mis.half_json(), mis.hang()],
    ids=lambda plan: plan.name,
)
def test_an_unclear_answer_about_the_one_ends_nothing(team, current_hub, plan):
    team = team(current_hub)
    made = team.asks()
    team.tick()
    team.finish()
    current_hub.misbehave("one", plan)
    team.tick()
    assert states(*made) == ["processing"]
    team.tick()
    assert states(*made) == ["succeeded"]


def test_what_a_current_hub_knows_no_more_is_lost_after_looks_that_outlast_a_restart(team, current_hub):
    team = team(current_hub)
    made = team.asks()
    team.tick()
    current_hub.ledger.generations.clear()
    assert sum(poll.MISSING_DELAYS) > 30
    for _ in poll.MISSING_DELAYS:
        team.tick()
        assert states(*made) == ["processing"]
    team.tick()
    assert states(*made) == ["lost"]


@pytest.mark.parametrize(
    ("plan", "rests"), [(mis.status(404), False), (mis.status(500), True)], ids=["refused", "unclear"]
)
def test_a_list_that_is_refused_for_one_model_rests_nothing_else(team, classic_hub, plan, rests):
    team = team(classic_hub)
    team.asks()
    team.tick()
    video = team.asks(model=team.video)
    classic_hub.misbehave("list", plan)
    team.tick()
    assert states(*video) == ["queued" if rests else "processing"]
    assert (team.refreshed().retry_at is not None) == rests


def test_a_list_that_cannot_be_had_leaves_the_hub_time_for_everything_else(team, classic_hub):
    team = team(classic_hub)
    made = team.asks()[0]
    team.tick()
    classic_hub.misbehave("list", *[mis.status(500)] * 6)
    team.tick(6)
    put_off = Generation.objects.get(pk=made.pk).next_poll_at - timezone.now()
    assert put_off.total_seconds() > health.MAX_DELAY


def test_one_model_whose_list_never_comes_whole_rests_nothing_while_anothers_does(team, classic_hub):
    team = team(classic_hub)
    team.asks()
    team.asks(model=team.video)
    team.tick()
    classic_hub.misbehave("list", mis.status(500))
    team.tick()
    assert len(classic_hub.ledger.calls("list")) == 2
    assert team.refreshed().retry_at is None


def test_what_breaks_in_one_step_of_a_visit_keeps_neither_the_others_nor_the_sending(
    team, current_hub, monkeypatch, caplog
):
    team = team(current_hub)
    made = team.asks()

    def look(_):
        raise ZeroDivisionError

    monkeypatch.setattr(poll, "poll", look)
    team.tick()
    assert states(*made) == ["processing"]
    assert "look broke at oxen" in caplog.text


def test_what_an_event_tells_while_a_list_is_on_its_way_is_looked_at_at_once(team, current_hub):
    team = team(current_hub)
    team.asks()
    team.tick()
    one = Generation.objects.select_related("model").get()
    poll_schedule.record_completion_event(team.connection, one.upstream_id, {"state": "succeeded"})
    poll_schedule.record_listed([one], timezone.now())
    assert poll_schedule.with_completion_event(team.connection) == [one]


def test_a_state_that_nobody_knows_is_still_going(team, current_hub):
    team = team(current_hub)
    made = team.asks()
    team.tick()
    row = next(iter(current_hub.ledger.generations.values()))
    row.state = "warming up"
    team.tick(3)
    assert states(*made) == ["processing"]


def test_the_number_of_list_calls_does_not_grow_with_the_number_of_generations(team, any_hub):
    team = team(any_hub)
    team.connection.capacity = 40
    team.connection.save()
    for _ in range(5):
        team.asks(4)
        team.asks(4, model=team.video)
    team.tick()
    before = lists(any_hub)
    team.tick()
    assert lists(any_hub) - before == (1 if any_hub.revision == "current" else 2)
    assert not any_hub.ledger.calls("one")


def test_one_model_whose_list_is_broken_does_not_hold_up_the_others(team, classic_hub):
    team = team(classic_hub)
    images, videos = team.asks(), team.asks(model=team.video)
    team.tick()
    team.finish()
    for _ in range(3):
        classic_hub.misbehave("list", mis.status(500))
        team.tick()
    assert sorted(states(*images, *videos)).count("finished") >= 1


def test_what_others_make_in_the_namespace_is_counted_and_left_alone(team, any_hub):
    team = team(any_hub)
    made = team.asks()
    for _ in range(12):
        any_hub.make(team.image, {"prompt": "somebody else's"})
    team.tick(3)
    assert team.connection.foreign_generations.count() == 12
    assert Generation.objects.count() == len(made) == 1


def test_the_cost_is_written_down_where_the_hub_tells_it(team, current_hub):
    team = team(current_hub)
    made = team.asks()[0]
    team.tick()
    team.finish()
    team.tick(2)
    assert Generation.objects.get(pk=made.pk).cost == current_hub.ledger.billed


def test_where_no_cost_is_told_it_is_not_asked_for_again(team, classic_hub):
    team = team(classic_hub)
    team.asks()
    team.tick()
    team.finish()
    team.tick(2)
    assert not Generation.objects.filter(cost_check_at__isnull=False).exists()


def test_a_key_that_stops_working_while_something_goes_ends_nothing(team, current_hub):
    team = team(current_hub)
    made = team.asks()
    team.tick()
    current_hub.misbehave("list", mis.bad_key())
    team.tick()
    assert states(*made) == ["processing"]
    assert team.refreshed().stop_reason == "key"
    team.finish()
    team.tick()
    assert states(*made) == ["succeeded"]


@pytest.mark.parametrize("skew", [-7200, 7200])
def test_a_hub_whose_clock_is_wrong_finds_its_lost_ones_all_the_same(team, current_hub, skew):
    team = team(current_hub)
    current_hub.skew = skew
    made = team.asks()
    current_hub.misbehave("enqueue", mis.reset_after())
    team.tick(2)
    assert states(*made) == ["processing"]
    assert abs(team.refreshed().clock_offset - skew) < 5


def test_what_was_made_elsewhere_is_forgotten_when_it_cannot_come_up_again(team, current_hub):
    team = team(current_hub)
    now = timezone.now()
    foreign.record_foreign(team.connection, {"old": "flux-1-dev", "new": "flux-1-dev"})
    team.connection.foreign_generations.filter(upstream_id="old").update(
        first_seen_at=now - foreign.RETENTION * 2
    )
    tasks.clean_up()
    assert [one.upstream_id for one in team.connection.foreign_generations.all()] == ["new"]


@pytest.mark.parametrize(
    "plan", [mis.status(403), mis.status(500), mis.html(404)], ids=lambda plan: plan.name
)
def test_a_history_that_is_closed_or_broken_neither_stops_nor_rests_the_connection(team, current_hub, plan):
    team = team(current_hub)
    team.asks()
    team.tick()
    team.finish()
    current_hub.misbehave("generation", plan)
    team.tick()
    connection = team.refreshed()
    assert (connection.stop_reason, connection.consecutive_failures) == ("", 0)


def test_a_history_that_breaks_is_asked_once_in_a_visit(team, current_hub):
    team = team(current_hub)
    team.asks(4)
    team.tick()
    team.finish()
    current_hub.misbehave("generation", *[mis.status(500)] * 9)
    team.tick()
    assert len(current_hub.ledger.calls("generation")) == 1


def test_what_a_second_connection_to_the_same_place_makes_is_not_made_elsewhere(team, current_hub):
    team = team(current_hub)
    second = factories.hub_connection(current_hub, "second", priority=-1)
    factories.hub_model(second, team.image)
    team.asks()
    team.asks(model=f"second/{team.image}")
    team.tick(3)
    assert not ForeignGeneration.objects.exists()


@pytest.mark.parametrize("covering", [True, False], ids=["covering", "not covering"])
@pytest.mark.parametrize(
    "params", [{"generation_id": "mine"}, {"status": "succeeded", "result_url": "https://evil.example/1.png"}]
)
def test_a_parameter_named_like_a_field_of_the_hubs_ends_nothing(team, any_hub, params, covering):
    any_hub.params_on_top = covering
    team = team(any_hub)
    made = team.asks(**params)
    team.tick(4)
    assert states(*made) == ["processing"]


def test_how_something_ended_is_not_believed_where_its_own_parameter_may_say_it(team, current_hub):
    current_hub.params_on_top = True
    team = team(current_hub)
    made = team.asks(status="succeeded")
    team.tick()
    current_hub.fail(current_hub.ledger.live[0].id, "It broke.")
    team.tick(2)
    assert states(*made) == ["finished"]
