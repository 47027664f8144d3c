"""Create and resolve namespaces; create, authenticate and revoke API tokens."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from queueapp.errors import NamespaceNotFound, NotFound
from queueapp.models import ApiToken, Namespace
from queueapp.models.base import update_row

#: Makes tokens recognisable, for example to secret scanners.
TOKEN_PREFIX = "drv_"  # noqa: S105  (a public prefix)
#: `last_used_at` is written at most this often. Otherwise every read of the API would be a write.
_LAST_USED_PRECISION = timedelta(minutes=1)


def get_or_create_namespace(user: User) -> Namespace:
    """Return the user's own namespace, which is named like the user.

    Creates it if it is missing, and renames it if the user was renamed and the new name is free.
    """
    namespace = Namespace.objects.filter(owner=user).first()
    username = user.get_username()
    if namespace is None:
        try:
            with transaction.atomic():
                return Namespace.objects.create(owner=user, name=_free_name(username))
        except IntegrityError:  # A concurrent request created it.
            return Namespace.objects.get(owner=user)
    if namespace.name != username and not Namespace.objects.filter(name=username).exists():
        update_row(namespace, name=username)
    return namespace


def _free_name(name: str) -> str:
    """Return `name`, or `name` with a number if a namespace has that name already."""
    candidates = [name, *(f"{name[:140]}-{number}" for number in range(2, 100))]
    taken = set(Namespace.objects.filter(name__in=candidates).values_list("name", flat=True))
    return next(candidate for candidate in candidates if candidate not in taken)


def visible_namespaces(user: User) -> list[Namespace]:
    """Return the namespaces whose generations this user may see."""
    return [_own_namespace(user)]


def _own_namespace(user: User) -> Namespace:
    """Return the user's own namespace, without a query if it was loaded together with the user."""
    field = User._meta.get_field("namespace")
    loaded = field.get_cached_value(user, default=None)
    return loaded if isinstance(loaded, Namespace) else get_or_create_namespace(user)


def resolve_namespace(user: User, name: str | None) -> Namespace:
    """Return the namespace of that name, or the user's own for None.

    Raises NamespaceNotFound if it does not exist or the user may not use it.
    """
    own = _own_namespace(user)
    if name is None or name == own.name:
        return own
    for namespace in visible_namespaces(user):
        if namespace.name == name:
            return namespace
    raise NamespaceNotFound(name)


def create_token(owner: User, name: str) -> tuple[ApiToken, str]:
    """Create a token and return it with its secret, which is not stored and cannot be shown again."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        owner=owner, name=name, prefix=secret[: len(TOKEN_PREFIX) + 6], digest=_hash_secret(secret)
    )
    return token, secret


def authenticate_token(secret: str) -> ApiToken | None:
    """Return the token with this secret and its owner, or None if it is revoked or its owner is inactive."""
    token = (
        ApiToken.objects.select_related("owner__namespace")
        .filter(digest=_hash_secret(secret), revoked_at=None, owner__is_active=True)
        .first()
    )
    if token is not None:
        _record_use(token)
    return token


def _record_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - _LAST_USED_PRECISION:
        outdated = Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USED_PRECISION)
        ApiToken.objects.filter(outdated, pk=token.pk).update(last_used_at=now)


def revoke_token(token_id: int, *, owner: User | None = None) -> None:
    """Revoke a token at once. With `owner`, only if the token is theirs.

    Raises NotFound if there is no such token or it is revoked already.
    """
    tokens = ApiToken.objects.filter(pk=token_id, revoked_at=None)
    if owner is not None:
        tokens = tokens.filter(owner=owner)
    if not tokens.update(revoked_at=timezone.now()):
        raise NotFound("There is no such token.")


def _hash_secret(secret: str) -> str:
    # A plain hash is enough: 256 random bits cannot be guessed. And it can be looked up by an index.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
