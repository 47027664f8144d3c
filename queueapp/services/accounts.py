"""Namespaces and API tokens."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from queueapp.errors import NamespaceNotFound, NotFound
from queueapp.models import ApiToken, Namespace

TOKEN_PREFIX = "drv_"  # noqa: S105  (the beginning that all tokens share)
# Writing the time of use on every call would make every read of the API a write.
_LAST_USED_PRECISION = timedelta(minutes=1)


def get_or_create_namespace(user: User) -> Namespace:
    """The user's own namespace, named like the user; made now if no door made it before."""
    found = Namespace.objects.filter(owner=user).first()
    if found is None:
        try:
            with transaction.atomic():
                return Namespace.objects.create(owner=user, name=_free_name(user.get_username()))
        except IntegrityError:
            return Namespace.objects.get(owner=user)
    if found.name != user.get_username() and _is_free(user.get_username()):
        Namespace.objects.filter(pk=found.pk).update(name=user.get_username())
        found.name = user.get_username()
    return found


def _is_free(name: str) -> bool:
    return not Namespace.objects.filter(name=name).exists()


def _free_name(wanted: str) -> str:
    """The wanted name, or, where a team or a renamed user already holds it, one close to it."""
    tries = [wanted, *(f"{wanted[:140]}-{number}" for number in range(2, 100))]
    taken = set(Namespace.objects.filter(name__in=tries).values_list("name", flat=True))
    return next(name for name in tries if name not in taken)


def visible_namespaces(user: User) -> list[Namespace]:
    """Every namespace whose generations this user may see, as they were when the user was loaded."""
    return [_own_namespace(user)]


def _own_namespace(user: User) -> Namespace:
    """The user's own namespace, without asking again where it was loaded together with the user."""
    field = User._meta.get_field("namespace")
    loaded = field.get_cached_value(user, default=None)
    return loaded if isinstance(loaded, Namespace) else get_or_create_namespace(user)


def resolve_namespace(user: User, name: str | None) -> Namespace:
    """The namespace that owns and pays: the named one, or the user's own. NamespaceNotFound if not theirs."""
    own = _own_namespace(user)
    if name is None or name == own.name:
        return own
    for namespace in visible_namespaces(user):
        if namespace.name == name:
            return namespace
    raise NamespaceNotFound(name)


def create_token(owner: User, name: str) -> tuple[ApiToken, str]:
    """A new token and its secret. The secret exists only in this answer."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        owner=owner, name=name, prefix=secret[: len(TOKEN_PREFIX) + 6], digest=_hash_secret(secret)
    )
    return token, secret


def authenticate_token(secret: str) -> ApiToken | None:
    """The live token with this secret, its owner loaded; None if there is none or its owner is inactive."""
    token = (
        ApiToken.objects.select_related("owner__namespace")
        .filter(digest=_hash_secret(secret), revoked_at=None, owner__is_active=True)
        .first()
    )
    if token is not None:
        now = timezone.now()
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USED_PRECISION)
        if token.last_used_at is None or token.last_used_at < now - _LAST_USED_PRECISION:
            ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token


def revoke_token(token_id: int, *, owner: User | None = None) -> None:
    """End a token at once. With `owner`, only that user's own. NotFound if there is none, or it has ended."""
    tokens = ApiToken.objects.filter(pk=token_id, revoked_at=None)
    if owner is not None:
        tokens = tokens.filter(owner=owner)
    if not tokens.update(revoked_at=timezone.now()):
        raise NotFound("There is no such token.")


def _hash_secret(secret: str) -> str:
    # The secret is 256 random bits: a plain hash cannot be guessed back, and it can be looked up.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
