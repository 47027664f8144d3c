import json
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queueapp.jobs import render
from queueapp.models import Event, Generation, Submission
from queueapp.poller import job_tasks, loop
from queueapp.services import accounts, coordination
from queueapp.states import LIVE, State
from tests import factories

QUEUE = "/api/ai/queue"
STATUS = "/api/media/generations/status"


def post(client: Client, body, **extra):
    raw = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post(QUEUE, raw, content_type="application/json", **extra)


def listed(client: Client, model: str = "sketch-image", namespace: str = "alice"):
    return client.get(f"{STATUS}/{namespace}/{model}")


def delete(client: Client, generation, namespace: str = "alice"):
    return client.delete(f"/api/media/generations/{namespace}/{generation}")


def is_documented_error(response, status: int, text: str | None = None) -> bool:
    """Check the status, both documented shapes, and the message if given."""
    body = response.json()
    assert response.status_code == status, body
    assert body["status"] == "error"
    assert body["status_message"] == body["error"]["type"]
    assert set(body["error"]) == {"type", "title", "detail", "message"}
    return text is None or body["error"]["message"] == text


def test_an_enqueue_returns_ids_at_once(alices_script):
    response = post(alices_script, {"model": "sketch-image", "prompt": "a cat", "num_generations": 4})
    assert response.status_code == 200
    rows = response.json()["generations"]
    assert [row["status"] for row in rows] == ["queued"] * 4
    assert {row["generation_id"] for row in rows} == {str(made.pk) for made in Generation.objects.all()}


def test_an_enqueue_without_a_number_makes_one_generation(alices_script):
    assert len(post(alices_script, {"model": "sketch-image"}).json()["generations"]) == 1


def test_a_submission_records_its_user_source_and_token(alice, alices_script):
    post(alices_script, {"model": "sketch-image", "prompt": "a cat"})
    submission = Submission.objects.get()
    assert (submission.user, submission.source, submission.token.name) == (alice, "api", "script")


def test_the_list_echoes_the_submitted_parameters(alices_script):
    params = {"prompt": "a cat", "odd": {"deep": [1, 2.5, None]}, "seed": 2**70, "response_format": "url"}
    made = post(alices_script, {"model": "sketch-image", "target_namespace": "alice", **params}).json()
    response = listed(alices_script).json()
    row = response["generations"][0]
    assert (response["status"], response["count"]) == ("success", 1)
    assert isinstance(row.pop("enqueued_at"), int)
    assert row == {
        "generation_id": made["generations"][0]["generation_id"],
        "model": "sketch-image",
        "model_name": "sketch-image",
        "target_namespace": "alice",
        **params,
    }


def test_a_parameter_cannot_replace_a_system_field(alices_script):
    made = post(
        alices_script, {"model": "sketch-image", "generation_id": "mine", "enqueued_at": "never"}
    ).json()
    row = listed(alices_script).json()["generations"][0]
    assert row["generation_id"] == made["generations"][0]["generation_id"]
    assert isinstance(row["enqueued_at"], int)


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(["prompt", "a", "seed", "ünïcode", "model_name", "x y"])
sharing_a_user = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@sharing_a_user
@given(st.dictionaries(names, values))
def test_any_parameters_are_stored_unchanged(alices_script, params):
    assert post(alices_script, {**params, "model": "sketch-image"}).status_code == 200
    assert Submission.objects.latest("created_at").params == params


@sharing_a_user
@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode(errors="replace")))
def test_no_body_causes_an_internal_error(alices_script, raw):
    assert post(alices_script, raw).status_code == 400


@pytest.mark.parametrize("count", [0, 5, -1, 1.5, 2.0, "2", True, None, [], {}, 10**30])
def test_an_invalid_number_is_rejected_with_the_documented_text(alices_script, count):
    response = post(alices_script, {"model": "sketch-image", "num_generations": count})
    assert is_documented_error(response, 400, "num_generations must be an integer between 1 and 4")
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"no json", b"[]", b"null", b'"text"', b"7", b"{}", b'{"model": ""}', b'{"model": 7}',
        b'{"model": null}', b'{"model": ["sketch-image"]}', b'{"model": "sketch-image", "a": NaN}',
        b'{"model": "sketch-image", "a": Infinity}', b'{"model": "sketch-image", "a": 1e999}',
        b'{"model": "sketch-image", "prompt": "\\u0000"}', b'{"model": "sketch-image", "\\u0000": 1}',
        b'{"model": "sketch-image", "prompt": "\\ud800"}',
        b'{"model": "sketch-image", "a": ' + b"9" * 5_000 + b"}",
        b'{"model": "sketch-image", "a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"model": "sketch-image", "target_namespace": 7}', b"\xff\xfe\x00", b'{"model": "sketch-image"',
        b'{"model": "sketch-image", "input_image": "data:image/png;base64,*"}',
    ],
    ids=lambda raw: raw[:50].decode(errors="replace"),
)  # fmt: skip
def test_a_malformed_body_is_rejected_and_nothing_is_stored(alices_script, raw):
    response = post(alices_script, raw)
    assert is_documented_error(response, 400)
    assert response.json()["error"]["detail"]
    assert not Submission.objects.exists()
    assert not Event.objects.exists()


def test_a_too_large_body_is_rejected(alices_script, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = post(alices_script, {"model": "sketch-image", "prompt": "a" * 100})
    assert is_documented_error(response, 413)


def test_a_body_without_content_length_is_rejected(alices_script):
    response = alices_script.generic(
        "POST", QUEUE, b"", headers={"Transfer-Encoding": "chunked"}, CONTENT_LENGTH=""
    )
    assert is_documented_error(response, 411)


@pytest.mark.parametrize(
    ("model", "status", "text"),
    [
        ("no/such/model", 404, "Model not found: no/such/model"),
        ("sketch-text", 415, ":unsupported_media_type"),
    ],
)
def test_a_model_that_cannot_be_queued_is_rejected_with_the_documented_text(
    alices_script, model, status, text
):
    assert is_documented_error(post(alices_script, {"model": model, "prompt": "a"}), status, text)


def test_another_users_namespace_answers_404(alices_script, bob):
    generation = factories.generation(bob)
    assert is_documented_error(post(alices_script, {"model": "sketch-image", "target_namespace": "bob"}), 404)
    assert is_documented_error(listed(alices_script, namespace="bob"), 404)
    assert is_documented_error(delete(alices_script, generation.pk, "bob"), 404)
    assert is_documented_error(delete(alices_script, generation.pk, "alice"), 404)
    generation.refresh_from_db()
    assert generation.state == State.QUEUED


def test_the_list_has_active_generations_only_oldest_first(alice, alices_script):
    for state in State:
        factories.generation(alice, state)
    factories.generation(alice, model_name="sketch-video")
    rows = listed(alices_script).json()["generations"]
    live = Generation.objects.filter(state__in=LIVE, model__name="sketch-image").order_by("enqueued_at")
    assert [row["generation_id"] for row in rows] == [str(generation.pk) for generation in live]


def test_no_active_generations_is_an_empty_list(alices_script):
    assert listed(alices_script).json() == {"status": "success", "count": 0, "generations": []}


def test_the_list_of_an_unknown_model_answers_404(alices_script):
    assert is_documented_error(listed(alices_script, "no/such/model"), 404, "Model not found: no/such/model")


def test_a_list_accepts_a_model_name_with_its_connection(alice, alices_script):
    factories.enqueue(alice)
    assert listed(alices_script, "builtin/sketch-image").json()["count"] == 1


@pytest.mark.parametrize("history", [10, 2000])
def test_a_list_takes_three_queries_with_any_history(
    alice, alices_script, history, django_assert_num_queries
):
    made = factories.generation(alice, State.FAILED)
    Generation.objects.bulk_create(
        Generation(
            submission=made.submission, namespace=made.namespace, user=alice, model=made.model,
            connection=made.connection, ordinal=place, version=1, enqueued_at=made.enqueued_at,
            state=State.FAILED, ended_at=made.ended_at,
        )
        for place in range(1, history)
    )  # fmt: skip
    factories.enqueue(alice, count=4)
    listed(alices_script)
    with django_assert_num_queries(3):  # the token and its owner, the model, the rows
        assert listed(alices_script).json()["count"] == 4


def test_a_cancel_removes_the_generation_from_the_list_and_works_once(alice, alices_script):
    generation = factories.generation(alice, State.PROCESSING)
    response = delete(alices_script, generation.pk)
    assert response.status_code == 200
    assert response.json() == {"status": "success", "generation_id": str(generation.pk)}
    assert listed(alices_script).json()["count"] == 0
    again = delete(alices_script, generation.pk)
    assert is_documented_error(again, 404, "The requested resource could not be found")
    assert again.json()["status_message"] == "resource_not_found"


@pytest.mark.parametrize(
    "name", ["8f8c0a6e-6ffb-4c7e-9f55-2a4a54f0c001", "no-id", "%00", "x" * 5000, "..", "%2e%2e", "١٢"]
)
def test_cancelling_an_unknown_id_answers_404(alices_script, name):
    assert is_documented_error(delete(alices_script, name), 404)


@pytest.mark.parametrize("path", [
    f"{STATUS}/%00/sketch-image", f"{STATUS}/alice/%00", f"{STATUS}/alice/%ff%fe",
    "/api/ai/models/%00", "/api/", "/api/nothing", "/api/ai/queue/", "/api/ai/queue/x/y",
])  # fmt: skip
def test_malformed_addresses_answer_404(alices_script, path):
    assert is_documented_error(alices_script.get(path), 404)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options", "trace"])
def test_a_wrong_method_answers_405_with_the_allowed_ones(alices_script, method):
    response = getattr(alices_script, method)(QUEUE)
    assert is_documented_error(response, 405)
    assert "POST" in response["Allow"]


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer"}, {"Authorization": "Basic YTpi"},
    {"Authorization": "Bearer \u00ff\u00fe"},
])  # fmt: skip
def test_nothing_is_shown_without_a_valid_token(db, headers):
    anonymous = Client(headers=headers)
    for response in (
        post(anonymous, b"not even JSON"),
        listed(anonymous),
        delete(anonymous, uuid4()),
        anonymous.get("/api/ai/models"),
    ):
        assert is_documented_error(response, 401, "unauthenticated")
        assert response["WWW-Authenticate"] == "Bearer"


def test_a_session_cookie_is_not_accepted(alices_browser):
    assert is_documented_error(post(alices_browser, {"model": "sketch-image"}), 401)


def test_a_revoked_token_stops_working(alice):
    token, secret = accounts.create_token(alice, "old")
    accounts.revoke_token(token.pk)
    response = post(Client(headers={"Authorization": f"Bearer {secret}"}), {"model": "sketch-image"})
    assert is_documented_error(response, 401)


def test_an_internal_error_has_the_same_shape_and_is_logged_once(alices_script, monkeypatch, caplog):
    def broken(*_, **__):
        raise ZeroDivisionError("an error")

    monkeypatch.setattr("dashboard.api.queue.generations.enqueue", broken)
    response = post(alices_script, {"model": "sketch-image"})
    assert is_documented_error(response, 500)
    assert "an error" not in response.content.decode()
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1


def run_worker(monkeypatch) -> None:
    """Release and render everything that waits."""
    task_ids: list[str] = []
    monkeypatch.setattr(
        job_tasks, "async_task", lambda _, generation_id, **__: task_ids.append(generation_id)
    )
    fence = coordination.acquire_lease("test")
    loop.tick(fence)
    for generation_id in task_ids:
        render.render_generation(generation_id)


def test_the_documented_example_makes_four_images(alices_script, monkeypatch):
    batch = {"model": "sketch-image", "prompt": "abstract geometric pattern in blue and gold",
             "num_generations": 4, "output_format": "webp"}  # fmt: skip
    ids = [row["generation_id"] for row in post(alices_script, batch).json()["generations"]]
    assert listed(alices_script).json()["count"] == 4
    run_worker(monkeypatch)
    assert listed(alices_script).json()["count"] == 0
    made = Generation.objects.filter(pk__in=ids, state="succeeded", result__content_type="image/webp")
    assert made.count() == 4


def test_the_documented_example_makes_a_video_of_two_shots(alices_script, monkeypatch):
    shots = [{"prompt": "a lighthouse at dawn", "duration": 1}, {"prompt": "the sea at noon", "duration": 1}]
    video = {"model": "sketch-video", "multi_prompt": shots, "aspect_ratio": "16:9"}
    post(alices_script, video)
    assert listed(alices_script, "sketch-video").json()["generations"][0]["multi_prompt"] == shots
    run_worker(monkeypatch)
    assert listed(alices_script, "sketch-video").json()["count"] == 0
    generation = Generation.objects.get()
    assert generation.result.content_type == "video/mp4"
    assert generation.result.seconds == pytest.approx(2, abs=0.1)
