"""The versions a page has seen, and what is kept for as long as they hold."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from django.core.cache import cache

from queueapp.models import Download, Generation, Namespace

#: Seconds for which anything is kept at the longest.
KEEP = 3600

Made = TypeVar("Made")


class Token(dict[int, int]):
    """The versions a page has seen, by namespace; written `12:345.13:7`."""

    @classmethod
    def of(cls, namespaces: Iterable[Namespace]) -> "Token":
        return cls({namespace.pk: namespace.version for namespace in namespaces})

    @classmethod
    def read(cls, text: str) -> "Token":
        """What cannot be understood has seen nothing."""
        if not re.fullmatch(r"\d{1,18}:\d{1,18}(\.\d{1,18}:\d{1,18})*", text, re.ASCII):
            return cls()
        pairs = (part.split(":") for part in text.split("."))
        return cls({int(namespace): int(version) for namespace, version in pairs})

    def __str__(self) -> str:
        return ".".join(f"{namespace}:{version}" for namespace, version in self.items())


def going(namespaces: Sequence[Namespace]) -> int:
    """How many generations have not ended."""

    def count() -> int:
        return Generation.objects.live().filter(namespace__in=namespaces).count()

    return kept("going", namespaces, make=count)


def restless(namespaces: Sequence[Namespace]) -> int:
    """How many may change at any moment: those that have not ended, and results that are being fetched."""

    def count() -> int:
        fetched = Download.objects.filter(
            generation__namespace__in=namespaces, next_attempt_at__isnull=False, attempts__lte=1
        )
        return going(namespaces) + fetched.count()

    return kept("restless", namespaces, make=count)


def kept(kind: str, namespaces: Sequence[Namespace], *, make: Callable[[], Made], of: object = None) -> Made:
    """What depends on nothing but the versions of the namespaces and `of`, made once for each."""
    named = hashlib.sha256(repr(of).encode()).hexdigest()
    key = f"{kind}:{Token.of(namespaces)}:{named}"
    found: Made | None = cache.get(key)
    if found is None:
        found = make()
        cache.set(key, found, KEEP)
    return found
