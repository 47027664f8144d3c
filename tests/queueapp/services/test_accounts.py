"""Namespaces and API tokens of users."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from queueapp.errors import NotFound
from queueapp.models import ApiToken, Namespace
from queueapp.services import accounts
from tests import factories


def test_a_new_user_has_a_namespace_with_their_name(alice):
    assert Namespace.objects.get(owner=alice).name == "alice"


def test_a_user_created_without_signals_gets_a_namespace_at_the_first_request(db):
    User.objects.bulk_create([User(username="carol")])
    carol = User.objects.get(username="carol")
    assert accounts.get_or_create_namespace(carol).name == "carol"


def test_a_user_whose_name_is_taken_gets_a_namespace_with_a_number(db):
    Namespace.objects.create(name="carol")
    assert accounts.get_or_create_namespace(factories.user("carol")).name == "carol-2"


def test_a_renamed_user_keeps_their_generations_under_the_new_name(alice):
    generation = factories.generation(alice)
    alice.username = "alicia"
    alice.save()
    generation.namespace.refresh_from_db()
    assert generation.namespace.name == "alicia"


def test_a_user_who_takes_the_name_of_a_team_keeps_their_old_namespace_name(alice):
    Namespace.objects.create(name="team")
    alice.username = "team"
    alice.save()
    assert accounts.get_or_create_namespace(alice).name == "alice"


def test_only_a_prefix_and_a_hash_of_a_token_are_stored(alice):
    token, secret = accounts.create_token(alice, "script")
    stored = ApiToken.objects.values().get()
    assert not [value for value in stored.values() if secret in str(value)]
    assert secret.startswith(token.prefix)
    assert accounts.authenticate_token(secret) == token


def test_a_revoked_token_stops_working_at_once(alice):
    token, secret = accounts.create_token(alice, "script")
    accounts.revoke_token(token.pk)
    assert accounts.authenticate_token(secret) is None


def test_a_user_cannot_revoke_the_token_of_another_user(alice, bob):
    token, secret = accounts.create_token(alice, "script")
    with pytest.raises(NotFound):
        accounts.revoke_token(token.pk, owner=bob)
    assert accounts.authenticate_token(secret) == token


def test_the_token_of_an_inactive_user_does_not_work(alice):
    _, secret = accounts.create_token(alice, "script")
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert accounts.authenticate_token(secret) is None


@pytest.mark.parametrize("secret", ["", "drv_", "nonsense", "drv_\ud800", "x" * 10_000])
def test_an_unknown_secret_authenticates_nobody(db, secret):
    assert accounts.authenticate_token(secret) is None


def test_the_time_of_use_is_written_once_a_minute(alice, django_assert_num_queries):
    _, secret = accounts.create_token(alice, "script")
    with django_assert_num_queries(2):
        accounts.authenticate_token(secret)
    with django_assert_num_queries(1):
        accounts.authenticate_token(secret)
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    with django_assert_num_queries(2):
        accounts.authenticate_token(secret)
