from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from queueapp.errors import NotFound
from queueapp.models import ApiToken, Namespace
from queueapp.services import accounts
from tests import factories


def test_a_new_user_has_a_namespace_of_their_name(alice):
    assert Namespace.objects.get(owner=alice).name == "alice"


def test_a_user_who_came_in_by_a_back_door_has_a_namespace_at_the_first_request(db):
    User.objects.bulk_create([User(username="carol")])
    carol = User.objects.get(username="carol")
    assert accounts.get_or_create_namespace(carol).name == "carol"


def test_a_name_that_is_taken_does_not_keep_somebody_out(db):
    Namespace.objects.create(name="carol")
    assert accounts.get_or_create_namespace(factories.user("carol")).name == "carol-2"


def test_a_renamed_user_keeps_their_work_under_the_new_name(alice):
    generation = factories.generation(alice)
    alice.username = "alicia"
    alice.save()
    generation.namespace.refresh_from_db()
    assert generation.namespace.name == "alicia"


def test_of_a_token_only_a_hash_and_its_beginning_are_kept(alice):
    token, secret = accounts.create_token(alice, "script")
    stored = ApiToken.objects.values().get()
    assert not [value for value in stored.values() if secret in str(value)]
    assert secret.startswith(token.prefix)
    assert accounts.authenticate_token(secret) == token


def test_a_revoked_token_ends_at_once(alice):
    token, secret = accounts.create_token(alice, "script")
    accounts.revoke_token(token.pk)
    assert accounts.authenticate_token(secret) is None


def test_nobody_revokes_a_token_of_somebody_else(alice, bob):
    token, secret = accounts.create_token(alice, "script")
    with pytest.raises(NotFound):
        accounts.revoke_token(token.pk, owner=bob)
    assert accounts.authenticate_token(secret) == token


def test_a_token_of_somebody_who_left_does_not_work(alice):
    _, secret = accounts.create_token(alice, "script")
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert accounts.authenticate_token(secret) is None


@pytest.mark.parametrize("secret", ["", "drv_", "nonsense", "drv_\ud800", "x" * 10_000])
def test_nonsense_is_nobodys_token(db, secret):
    assert accounts.authenticate_token(secret) is None


def test_use_of_a_token_is_noted_once_a_minute(alice, django_assert_num_queries):
    _, secret = accounts.create_token(alice, "script")
    with django_assert_num_queries(2):
        accounts.authenticate_token(secret)
    with django_assert_num_queries(1):
        accounts.authenticate_token(secret)
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    with django_assert_num_queries(2):
        accounts.authenticate_token(secret)
