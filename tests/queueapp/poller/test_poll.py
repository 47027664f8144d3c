"""Lists and rows of a hub: which of them end a generation, and which say nothing."""

import pytest
from django.utils import timezone

from queueapp import tasks
from queueapp.models import Download, ForeignGeneration, Generation
from queueapp.poller import missing_generations
from queueapp.services.hubs import health
from queueapp.services.lifecycle import foreign, poll_schedule
from tests import factories
from tests.hub import misbehaviour as mis
from tests.queueapp.poller.conftest import reason, states

UNUSABLE_LISTS = [
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


def count_lists(hub) -> int:
    return len(hub.ledger.calls("list"))


def test_a_generation_that_leaves_a_classic_list_is_finished_and_not_called_a_success(team, classic_hub):
    team = team(classic_hub)
    first, second = team.asks(2)
    team.tick(2)
    assert states(first, second) == ["processing", "processing"]
    classic_hub.finish(Generation.objects.get(pk=first.pk).upstream_id)
    team.tick()
    assert states(first, second) == ["finished", "processing"]
    assert not Download.objects.exists()


def test_a_current_hub_reports_success_failure_and_cancel(team, current_hub):
    team = team(current_hub)
    good, bad, stopped = team.asks(3)
    team.tick()
    ids = dict(Generation.objects.values_list("pk", "upstream_id"))
    current_hub.finish(ids[good.pk])
    current_hub.fail(ids[bad.pk], "DataInspectionFailed: the words were refused")
    current_hub.cancel(ids[stopped.pk])
    team.tick()
    assert states(good, bad, stopped) == ["succeeded", "failed", "cancelled"]
    assert reason(bad) == "DataInspectionFailed: the words were refused"
    assert Generation.objects.get(pk=bad.pk).category == "moderation"
    assert Download.objects.get().generation_id == good.pk


def test_a_bridge_hub_without_an_event_leaves_the_outcome_open(team, bridge_hub):
    team = team(bridge_hub)
    generations = team.asks()
    team.tick()
    team.finish()
    team.tick()
    assert states(*generations) == ["processing"]  # its event may still arrive
    team.tick()
    assert states(*generations) == ["finished"]


def test_an_unusable_list_ends_nothing(team, any_hub, subtests):
    team = team(any_hub)
    for plan in UNUSABLE_LISTS:
        with subtests.test(plan.name):
            generations = team.asks(2)
            team.tick()
            team.finish()
            team.tick_with("list", plan)
            assert states(*generations) == ["processing"] * 2
            team.tick(2 if any_hub.revision == "bridge" else 1)
            assert set(states(*generations)) <= {"finished", "succeeded"}


@pytest.mark.parametrize(
    "plan",
    [mis.status(500), mis.html(404), mis.half_json(), mis.hang()],
    ids=lambda plan: plan.name,
)
def test_an_unusable_row_ends_nothing(team, current_hub, plan):
    team = team(current_hub)
    generations = team.asks()
    team.tick()
    team.finish()
    team.tick_with("one", plan)
    assert states(*generations) == ["processing"]
    team.tick()
    assert states(*generations) == ["succeeded"]


def test_a_generation_is_lost_only_after_the_hub_denied_it_for_longer_than_a_restart(team, current_hub):
    team = team(current_hub)
    generations = team.asks()
    team.tick()
    current_hub.ledger.generations.clear()
    assert sum(missing_generations.MISSING_DELAYS) > 30
    for _ in missing_generations.MISSING_DELAYS:
        team.tick()
        assert states(*generations) == ["processing"]
    team.tick()
    assert states(*generations) == ["lost"]


@pytest.mark.parametrize(
    ("plan", "pauses"), [(mis.status(404), False), (mis.status(500), True)], ids=["rejected", "unclear"]
)
def test_a_list_that_the_hub_rejects_for_one_model_pauses_nothing_else(team, classic_hub, plan, pauses):
    team = team(classic_hub)
    team.asks()
    team.tick()
    video = team.asks(model=team.video)
    team.tick_with("list", plan)
    assert states(*video) == ["queued" if pauses else "processing"]
    assert (team.refreshed().retry_at is not None) == pauses


def test_a_list_that_always_fails_is_requested_more_and_more_rarely(team, classic_hub):
    team = team(classic_hub)
    generation = team.asks()[0]
    team.tick()
    classic_hub.misbehave("list", *[mis.status(500)] * 6)
    team.tick(6)
    delay = Generation.objects.get(pk=generation.pk).next_poll_at - timezone.now()
    assert delay.total_seconds() > health.MAX_DELAY


def test_a_broken_list_of_one_model_pauses_nothing_while_another_list_works(team, classic_hub):
    team = team(classic_hub)
    team.asks()
    team.asks(model=team.video)
    team.tick()
    team.tick_with("list", mis.status(500))
    assert count_lists(classic_hub) == 2
    assert team.refreshed().retry_at is None


def test_a_model_whose_list_is_broken_does_not_delay_the_others(team, classic_hub):
    team = team(classic_hub)
    images, videos = team.asks(), team.asks(model=team.video)
    team.tick()
    team.finish()
    for _ in range(3):
        team.tick_with("list", mis.status(500))
    assert states(*images, *videos).count("finished") >= 1


def test_an_event_that_arrives_during_a_list_call_is_due_at_once(team, current_hub):
    team = team(current_hub)
    team.asks()
    team.tick()
    generation = Generation.objects.select_related("model").get()
    poll_schedule.record_completion_event(team.connection, generation.upstream_id, {"state": "succeeded"})
    poll_schedule.record_listed([generation], timezone.now())
    assert poll_schedule.with_completion_event(team.connection) == [generation]


def test_a_state_that_drover_does_not_know_counts_as_running(team, current_hub):
    team = team(current_hub)
    generations = team.asks()
    team.tick()
    team.at_hub[0].state = "warming up"
    team.tick(3)
    assert states(*generations) == ["processing"]


def test_the_number_of_list_calls_does_not_grow_with_the_number_of_generations(team, any_hub):
    team = team(any_hub)
    team.connection.capacity = 24
    team.connection.save()
    for _ in range(3):
        team.asks(4)
        team.asks(4, model=team.video)
    team.tick()
    before = count_lists(any_hub)
    team.tick()
    assert Generation.objects.filter(state="processing").count() == 24
    assert count_lists(any_hub) - before == (1 if any_hub.revision == "current" else 2)
    assert not any_hub.ledger.calls("one")


def test_a_key_that_stops_working_ends_no_running_generation(team, current_hub):
    team = team(current_hub)
    generations = team.asks()
    team.tick()
    team.tick_with("list", mis.bad_key())
    assert states(*generations) == ["processing"]
    assert team.refreshed().stop_reason == "key"
    team.finish()
    team.tick()
    assert states(*generations) == ["succeeded"]


def test_foreign_generations_are_counted_and_left_alone(team, any_hub):
    team = team(any_hub)
    generations = team.asks()
    for _ in range(12):
        any_hub.make(team.image, {"prompt": "a stranger's"})
    team.tick(3)
    assert team.connection.foreign_generations.count() == 12
    assert Generation.objects.count() == len(generations) == 1


def test_generations_of_a_second_connection_to_the_same_namespace_are_not_foreign(team, current_hub):
    team = team(current_hub)
    second = factories.hub_connection(current_hub, "second", priority=-1)
    factories.hub_model(second, team.image)
    team.asks()
    team.asks(model=f"second/{team.image}")
    team.tick(3)
    assert not ForeignGeneration.objects.exists()


def test_foreign_generations_are_deleted_once_they_cannot_be_listed_again(team, current_hub):
    team = team(current_hub)
    now = timezone.now()
    foreign.record_foreign(team.connection, {"old": "flux-1-dev", "new": "flux-1-dev"})
    team.connection.foreign_generations.filter(upstream_id="old").update(
        first_seen_at=now - foreign.RETENTION * 2
    )
    tasks.clean_up()
    assert [row.upstream_id for row in team.connection.foreign_generations.all()] == ["new"]


@pytest.mark.parametrize("covering", [True, False], ids=["covering", "not covering"])
@pytest.mark.parametrize(
    "params", [{"generation_id": "mine"}, {"status": "succeeded", "result_url": "https://evil.example/1.png"}]
)
def test_a_parameter_with_the_name_of_a_hub_field_ends_nothing(team, any_hub, params, covering):
    any_hub.params_on_top = covering
    team = team(any_hub)
    generations = team.asks(**params)
    team.tick(4)
    assert states(*generations) == ["processing"]


def test_an_outcome_that_a_parameter_may_have_covered_is_not_believed(team, current_hub):
    current_hub.params_on_top = True
    team = team(current_hub)
    generations = team.asks(status="succeeded")
    team.tick()
    current_hub.fail(current_hub.ledger.live[0].id, "It broke.")
    team.tick(2)
    assert states(*generations) == ["finished"]
