"""After a lost response our generations are found in the hub's list, and nobody else's are taken."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueapp.upstream.echoed_params import Match, compare_params
from queueapp.upstream.errors import AmbiguousResponse
from queueapp.upstream.matching import LostPost, is_in_time, match_rows
from queueapp.upstream.messages import Row
from queueapp.upstream.redaction import Redactor
from tests.hub import misbehaviour as mis

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DATA_URI = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUg" * 200


def at_second(second):
    return NOON + timedelta(seconds=second)


def lost_post(name="post", params=None, count=1, at=0.0, took=10.0, model="flux", known=()):
    """A POST that was sent `at` seconds after noon and given up `took` seconds later."""
    params = params or {"prompt": "a cat"}
    return LostPost(name, model, params, count, at_second(at), at_second(at + took), frozenset(known))


def row(name="row", params=None, at=1.0, model="flux", **fields):
    """A row that was enqueued `at` seconds after noon."""
    data = {
        "generation_id": name,
        "model_name": model,
        "status": "queued",
        "enqueued_at": None if at is None else at_second(at).timestamp(),
        **({"prompt": "a cat"} if params is None else params),
        **fields,
    }
    return Row.parse(json.loads(json.dumps(data)), Redactor())


def matched_ids(posts, rows, clock_offset=0.0, taken=()):
    matches = match_rows(posts, rows, clock_offset=clock_offset, taken=taken)
    assert set(matches) == {post.id for post in posts}
    return {name: [row.id for row in rows] for name, rows in matches.items()}


def test_generations_are_found_in_the_hubs_list_after_their_response_was_lost(open_hub, client_of):
    hub = open_hub("classic")
    client = client_of(hub)
    hub.skew = 4000.0
    params = {"prompt": "a cat", "seed": 5, "input_image": [DATA_URI]}
    hub.make("flux-1-dev", params)
    known = {row.id for row in client.list_generations("flux-1-dev").rows}
    hub.misbehave("enqueue", mis.reset_after())
    start = datetime.now(UTC)
    with pytest.raises(AmbiguousResponse):
        client.enqueue("flux-1-dev", params, 3)
    post = LostPost("post", "flux-1-dev", params, 3, start, datetime.now(UTC), frozenset(known))
    hub.make("flux-1-dev", {"prompt": "somebody else's"})
    rows = client.list_generations("flux-1-dev").rows
    ours = {generation.id for generation in hub.ledger.of_post(2)}
    assert set(matched_ids([post], rows, client.clock_offset)["post"]) == ours
    assert matched_ids([post], rows, 0.0) == {"post": []}


@pytest.mark.parametrize(
    ("reason", "other"),
    [
        ("another model", row(model="veo")),
        ("another prompt", row(params={"prompt": "a dog"})),
        ("one more prompt", row(negative_prompt="dogs")),
        ("one more input", row(input_image="https://example.org/a.png")),
        ("no prompt at all", row(params={})),
        ("enqueued before the POST", row(at=-4.0)),
        ("enqueued long after it was given up", row(at=75.0)),
        ("no time of enqueue", row(at=None)),
        ("listed before the POST", row(name="known")),
        ("already assigned", row(name="taken")),
    ],
)
def test_a_row_that_cannot_be_ours_is_not_taken(reason, other):
    assert matched_ids([lost_post(known=["known"])], [other], taken={"taken"}) == {"post": []}, reason


@pytest.mark.parametrize("at", [-2.5, 0.0, 10.0, 12.9, 72.0])
def test_a_row_may_be_a_little_late_or_off_by_a_rounded_second(at):
    assert matched_ids([lost_post()], [row(at=at)]) == {"post": ["row"]}


def test_a_clock_that_was_never_measured_may_be_wrong_by_minutes():
    assert matched_ids([lost_post()], [row(at=250.0)], None) == {"post": ["row"]}
    assert matched_ids([lost_post()], [row(at=-250.0)], None) == {"post": ["row"]}
    assert matched_ids([lost_post()], [row(at=900.0)], None) == {"post": []}


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (row(at=10.0), True),
        (row(at=None), True),
        (row(params={"prompt": "a dog"}), True),
        (row(at=900.0), False),
        (row(name="known"), False),
    ],
)
def test_a_row_is_in_time_whatever_its_parameters(candidate, expected):
    assert is_in_time(lost_post(known=["known"]), candidate, clock_offset=0.0) is expected


def test_no_more_rows_are_taken_than_requested_and_the_closest_in_time_first():
    rows = [row(name, at=at) for name, at in (("late", 50.0), ("first", 1.0), ("second", 20.0))]
    assert matched_ids([lost_post(count=2)], rows) == {"post": ["first", "second"]}


def test_an_exact_echo_is_preferred_to_a_similar_one():
    rows = [row("similar", steps=28, at=1.0), row("exact", at=30.0)]
    assert matched_ids([lost_post()], rows) == {"post": ["exact"]}


def test_every_post_gets_a_row_if_some_assignment_allows_it():
    early, late = lost_post("early", at=0.0), lost_post("late", at=60.0)
    rows = [row("only-early", at=0.0), row("both", at=62.0)]
    assert matched_ids([early, late], rows) == {"early": ["only-early"], "late": ["both"]}
    assert matched_ids([late, early], rows) == {"early": ["only-early"], "late": ["both"]}


@pytest.mark.parametrize(
    ("submitted", "echo", "match"),
    [
        ({}, {}, Match.EXACT),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, Match.EXACT),
        ({"a": 5}, {"a": 5.0}, Match.EXACT),
        ({"a": 5}, {"a": "5"}, Match.LOOSE),
        ({"a": "0"}, {"a": "0.0"}, Match.LOOSE),
        ({"a": True}, {"a": "true"}, Match.LOOSE),
        ({"a": True}, {"a": 1}, Match.NONE),
        ({"a": 5}, {"a": 6}, Match.NONE),
        ({"a": None}, {}, Match.EXACT),
        ({"a": ""}, {}, Match.LOOSE),
        ({"a": "x"}, {}, Match.NONE),
        ({"a": " x "}, {"a": "x"}, Match.LOOSE),
        ({"a": "word " * 20}, {"a": "word " * 10 + "..."}, Match.LOOSE),
        ({"a": "word " * 20}, {"a": "other " * 10 + "..."}, Match.NONE),
        ({"a": DATA_URI}, {"a": DATA_URI}, Match.EXACT),
        ({"a": DATA_URI}, {"a": DATA_URI[:40]}, Match.LOOSE),
        ({"a": DATA_URI}, {"a": DATA_URI[:40] + "..."}, Match.LOOSE),
        ({"a": DATA_URI}, {"a": "data:image/jpeg;base64,/9j/"}, Match.NONE),
        ({"a": DATA_URI}, {"a": "https://hub.example.org/files/a.png"}, Match.LOOSE),
        ({"a": [DATA_URI, "x"]}, {"a": ["[data]", "x"]}, Match.LOOSE),
        ({"a": [1, 2]}, {"a": [1]}, Match.NONE),
        ({"s": [{"prompt": "a", "duration": 3}]}, {"s": [{"duration": 3, "prompt": "a"}]}, Match.EXACT),
        ({"s": [{"prompt": "a"}]}, {"s": [{"prompt": "b"}]}, Match.NONE),
        ({"a": "x"}, {"a": "x", "steps": 28}, Match.LOOSE),
        ({"a": "x"}, {"a": "x", "steps": None}, Match.EXACT),
        ({"a": "x"}, {"a": "x", "prompt": "y"}, Match.NONE),
        ({"a": {"b": 1}}, {"a": [1]}, Match.NONE),
    ],
)
def test_an_echo_may_differ_in_form_but_not_in_content(submitted, echo, match):
    assert compare_params(submitted, echo) is match


def test_a_parameter_with_the_name_of_a_hubs_field_does_not_hide_the_row():
    params = {"prompt": "a cat", "status": "draft", "media_type": "oil on canvas", "enqueued_at": "now"}
    assert matched_ids([lost_post(params=params)], [row()]) == {"post": ["row"]}


# Any parameters, any rows

long_texts = st.text(max_size=3).map(lambda text: text + "p" * 2500)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | st.text(max_size=20)
    | st.just(DATA_URI) | long_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
any_params = st.dictionaries(st.text("abcdefg_", min_size=1, max_size=8), values, max_size=5)


@settings(max_examples=40, deadline=None)
@given(any_params, st.floats(-5000, 5000), st.floats(0, 10))
def test_our_row_is_found_whatever_its_parameters_and_the_hubs_clock(params, offset, at):
    rows = [row(params=params, at=at + offset)]
    assert matched_ids([lost_post(params=params or {"a": None})], rows, offset) == {"post": ["row"]}


CHOICES = [{"prompt": "a"}, {"prompt": "b"}, {"prompt": "a", "steps": 3}, {"prompt": "a", "steps": "3"}]
post_lists = st.lists(
    st.tuples(
        st.sampled_from(CHOICES[:3]),
        st.integers(1, 2),
        st.integers(0, 90),
        st.sets(st.sampled_from(["r0", "r1"]), max_size=1),
    ),
    max_size=3,
)
row_lists = st.lists(st.tuples(st.sampled_from(CHOICES), st.integers(-20, 180)), max_size=5)


@settings(max_examples=80, deadline=None)
@given(post_lists, row_lists, st.sets(st.sampled_from(["r0", "r2"]), max_size=1))
def test_each_row_is_used_at_most_once_and_as_many_as_possible_are_used(post_list, row_list, taken):
    posts = [
        lost_post(f"p{number}", params, count, at, known=known)
        for number, (params, count, at, known) in enumerate(post_list)
    ]
    rows = [row(f"r{number}", params=params, at=at) for number, (params, at) in enumerate(row_list)]
    matches = matched_ids(posts, rows, taken=taken)
    used = [row_id for row_ids in matches.values() for row_id in row_ids]
    assert len(used) == len(set(used))
    possible = {
        post.id: set(matched_ids([replace(post, count=99)], rows, taken=taken)[post.id]) for post in posts
    }
    for post in posts:
        assert len(matches[post.id]) <= post.count
        assert set(matches[post.id]) <= possible[post.id]
        assert not set(matches[post.id]) & (post.known | taken)
    assert len(used) == most_rows([post.id for post in posts for _ in range(post.count)], possible)


def most_rows(places, possible):
    """Return how many places can have a row at once, by trying the orders in which they choose."""
    orders = permutations(places) if len(places) <= 4 else [places, places[::-1]]
    return max((assign_all(order, possible, frozenset()) for order in orders), default=0)


def assign_all(places, possible, used):
    if not places:
        return 0
    first, rest = places[0], places[1:]
    counts = [1 + assign_all(rest, possible, used | {row_id}) for row_id in possible[first] - used]
    return max([assign_all(rest, possible, used), *counts])


def test_many_lost_posts_are_matched_quickly():
    posts = [lost_post(f"p{number}", count=4, at=float(number % 7)) for number in range(60)]
    rows = [row(f"r{number}", at=float(number % 11)) for number in range(200)]
    matches = matched_ids(posts, rows)
    assert sum(map(len, matches.values())) == 200
