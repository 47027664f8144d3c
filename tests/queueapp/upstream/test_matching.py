"""After a lost answer: ours are found again, nobody else's are taken, and none is taken twice."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueapp.upstream.errors import AmbiguousResponse
from queueapp.upstream.matching import LostPost, Match, compare_params, match_rows
from queueapp.upstream.messages import Row
from queueapp.upstream.parsing import Redactor
from tests.hub import misbehaviour as mis

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DATA = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUg" * 200


def seconds(count):
    return timedelta(seconds=count)


def claim(name="c", params=None, count=1, at=0.0, took=10.0, model="flux", known=()):
    start = NOON + seconds(at)
    given_up = start + seconds(took)
    return LostPost(name, model, params or {"prompt": "a cat"}, count, start, given_up, frozenset(known))


def row(name="r", params=None, at=1.0, model="flux", **more):
    data = {
        "generation_id": name,
        "model_name": model,
        "status": "queued",
        "enqueued_at": None if at is None else (NOON + seconds(at)).timestamp(),
        **({"prompt": "a cat"} if params is None else params),
        **more,
    }
    return Row.read(json.loads(json.dumps(data)), Redactor())


def found(claims, rows, difference=0.0, **how):
    adopted = match_rows(claims, rows, clock_offset=difference, **how)
    assert set(adopted) == {claim.id for claim in claims}
    return {name: [row.id for row in rows] for name, rows in adopted.items()}


def test_what_was_made_under_a_lost_answer_is_found_in_the_hubs_list(open_hub, client_of):
    hub = open_hub("classic")
    client = client_of(hub)
    hub.skew = 4000.0
    params = {"prompt": "a cat", "seed": 5, "input_image": [DATA]}
    hub.make("flux-1-dev", params)
    before = {row.id for row in client.list_generations("flux-1-dev").rows}
    hub.misbehave("enqueue", mis.reset_after())
    start = datetime.now(UTC)
    with pytest.raises(AmbiguousResponse):
        client.enqueue("flux-1-dev", params, 3)
    lost = LostPost("lost", "flux-1-dev", params, 3, start, datetime.now(UTC), frozenset(before))
    hub.make("flux-1-dev", {"prompt": "somebody else's"})
    rows = client.list_generations("flux-1-dev").rows
    adopted = found([lost], rows, client.clock_offset)
    assert set(adopted["lost"]) == {made.id for made in hub.ledger.of_post(2)}
    assert found([lost], rows, 0.0) == {"lost": []}


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("another model", row(model="veo")),
        ("another prompt", row(params={"prompt": "a dog"})),
        ("one more wish", row(negative_prompt="dogs")),
        ("an input of its own", row(input_image="https://example.org/a.png")),
        ("no prompt at all", row(params={})),
        ("before it was posted", row(at=-4.0)),
        ("long after it was given up", row(at=75.0)),
        ("at no time", row(at=None)),
        ("there before", row(name="known")),
        ("somebody's already", row(name="taken")),
    ],
)
def test_what_cannot_be_ours_is_left_alone(name, offered):
    assert found([claim(known=["known"])], [offered], taken={"taken"}) == {"c": []}


@pytest.mark.parametrize("at", [-2.5, 0.0, 10.0, 12.9, 72.0])
def test_what_came_to_the_hub_a_little_late_or_by_a_clock_in_whole_seconds_is_ours(at):
    assert found([claim()], [row(at=at)]) == {"c": ["r"]}


def test_a_clock_that_was_never_measured_may_be_minutes_off():
    assert found([claim()], [row(at=250.0)], None) == {"c": ["r"]}
    assert found([claim()], [row(at=-250.0)], None) == {"c": ["r"]}
    assert found([claim()], [row(at=900.0)], None) == {"c": []}


def test_no_more_are_taken_than_were_asked_for_and_the_nearest_first():
    rows = [row(name, at=at) for name, at in (("late", 50.0), ("now", 1.0), ("soon", 20.0))]
    assert found([claim(count=2)], rows) == {"c": ["now", "soon"]}


def test_an_exact_echo_goes_before_a_loose_one():
    rows = [row("loose", steps=28, at=1.0), row("exact", at=30.0)]
    assert found([claim()], rows) == {"c": ["exact"]}


def test_no_claim_goes_without_while_another_choice_would_serve_all():
    early, late = claim("early", at=0.0), claim("late", at=60.0)
    rows = [row("only-early", at=0.0), row("both", at=62.0)]
    assert found([early, late], rows) == {"early": ["only-early"], "late": ["both"]}
    assert found([late, early], rows) == {"early": ["only-early"], "late": ["both"]}


@pytest.mark.parametrize(
    ("mine", "theirs", "likeness"),
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
        ({"a": DATA}, {"a": DATA}, Match.EXACT),
        ({"a": DATA}, {"a": DATA[:40]}, Match.LOOSE),
        ({"a": DATA}, {"a": DATA[:40] + "..."}, Match.LOOSE),
        ({"a": DATA}, {"a": "data:image/jpeg;base64,/9j/"}, Match.NONE),
        ({"a": DATA}, {"a": "https://hub.example.org/files/a.png"}, Match.LOOSE),
        ({"a": [DATA, "x"]}, {"a": ["[data]", "x"]}, Match.LOOSE),
        ({"a": [1, 2]}, {"a": [1]}, Match.NONE),
        ({"s": [{"prompt": "a", "duration": 3}]}, {"s": [{"duration": 3, "prompt": "a"}]}, Match.EXACT),
        ({"s": [{"prompt": "a"}]}, {"s": [{"prompt": "b"}]}, Match.NONE),
        ({"a": "x"}, {"a": "x", "steps": 28}, Match.LOOSE),
        ({"a": "x"}, {"a": "x", "steps": None}, Match.EXACT),
        ({"a": "x"}, {"a": "x", "prompt": "y"}, Match.NONE),
        ({"a": {"b": 1}}, {"a": [1]}, Match.NONE),
    ],
)
def test_echoes_differ_in_known_ways_and_wishes_do_not(mine, theirs, likeness):
    assert compare_params(mine, theirs) is likeness


def test_a_submitted_parameter_that_a_system_field_covers_up_does_not_hide_the_row():
    params = {"prompt": "a cat", "status": "draft", "media_type": "oil on canvas", "enqueued_at": "now"}
    assert found([claim(params=params)], [row()]) == {"c": ["r"]}


# Anything at all

values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | st.text(max_size=20)
    | st.just(DATA) | st.text(max_size=3).map(lambda text: text + "p" * 2500),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
all_params = st.dictionaries(st.text("abcdefg_", min_size=1, max_size=8), values, max_size=5)


@settings(max_examples=40, deadline=None)
@given(all_params, st.floats(-5000, 5000), st.floats(0, 10))
def test_ours_are_always_found_whatever_the_parameters_and_the_hubs_clock(params, skew, at):
    rows = [row("r", params=params, at=at + skew)]
    assert found([claim(params=params or {"a": None})], rows, skew) == {"c": ["r"]}


CHOICES = [{"prompt": "a"}, {"prompt": "b"}, {"prompt": "a", "steps": 3}, {"prompt": "a", "steps": "3"}]
claims_of = st.lists(
    st.builds(
        lambda params, count, at, known: (params, count, at, known),
        st.sampled_from(CHOICES[:3]),
        st.integers(1, 2),
        st.integers(0, 90),
        st.sets(st.sampled_from(["r0", "r1"]), max_size=1),
    ),
    max_size=3,
)
rows_of = st.lists(st.tuples(st.sampled_from(CHOICES), st.integers(-20, 180)), max_size=5)


@settings(max_examples=80, deadline=None)
@given(claims_of, rows_of, st.sets(st.sampled_from(["r0", "r2"]), max_size=1))
def test_each_row_goes_to_at_most_one_claim_and_as_many_as_can_be_are_served(given_claims, given_rows, taken):
    claims = [
        claim(f"c{n}", params, count, at, known=known)
        for n, (params, count, at, known) in enumerate(given_claims)
    ]
    rows = [row(f"r{n}", params=params, at=at) for n, (params, at) in enumerate(given_rows)]
    adopted = found(claims, rows, taken=taken)
    given_out = [name for names in adopted.values() for name in names]
    assert len(given_out) == len(set(given_out))
    alone = {c.id: set(found([replace(c, count=99)], rows, taken=taken)[c.id]) for c in claims}
    for c in claims:
        assert len(adopted[c.id]) <= c.count
        assert set(adopted[c.id]) <= alone[c.id]
        assert not set(adopted[c.id]) & (c.known | taken)
    assert len(given_out) == most([c.id for c in claims for _ in range(c.count)], alone)


def most(slots, fits):
    """How many slots can be served at once, by trying every order in which they may choose."""
    best = 0
    for order in permutations(slots) if len(slots) <= 4 else [slots, slots[::-1]]:
        best = max(best, serve(order, fits, frozenset()))
    return best


def serve(order, fits, used):
    if not order:
        return 0
    first, rest = order[0], order[1:]
    options = [1 + serve(rest, fits, used | {row}) for row in fits[first] - used]
    return max([serve(rest, fits, used), *options])


def test_hundreds_of_lost_answers_are_sorted_out_in_a_moment():
    claims = [claim(f"c{n}", count=4, at=float(n % 7)) for n in range(60)]
    rows = [row(f"r{n}", at=float(n % 11)) for n in range(200)]
    adopted = found(claims, rows)
    assert sum(map(len, adopted.values())) == 200
