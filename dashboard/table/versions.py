"""Track which changes a page has shown, by the versions of its namespaces.

A namespace's version increases with every change to its generations.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from dashboard.caching import cached
from queueapp.models import Download, Generation, Namespace

#: Seconds after which a cached value is dropped although its versions still hold, to bound the cache.
CACHE_SECONDS = 3600
_TOKEN = re.compile(r"\d{1,18}:\d{1,18}(\.\d{1,18}:\d{1,18})*", re.ASCII)

T = TypeVar("T")


class VersionToken(dict[int, int]):
    """Versions by namespace id; as text `12:345.13:7`."""

    @classmethod
    def of(cls, namespaces: Iterable[Namespace]) -> "VersionToken":
        """Return the current versions of these namespaces, as loaded."""
        return cls({namespace.pk: namespace.version for namespace in namespaces})

    @classmethod
    def parse(cls, text: str) -> "VersionToken":
        """Parse a token; one that is malformed is empty, so that its page gets everything."""
        if not _TOKEN.fullmatch(text):
            return cls()
        pairs = (part.split(":") for part in text.split("."))
        return cls({int(namespace): int(version) for namespace, version in pairs})

    def __str__(self) -> str:
        return ".".join(f"{namespace}:{version}" for namespace, version in self.items())


def count_live(namespaces: Sequence[Namespace]) -> int:
    """Return how many generations have not ended."""
    return cached_by_versions(
        "live", namespaces, lambda: Generation.objects.live().filter(namespace__in=namespaces).count()
    )


def count_pending(namespaces: Sequence[Namespace]) -> int:
    """Return how many generations may change at any moment: live ones, and first downloads of results."""

    def count() -> int:
        downloads = Download.objects.filter(
            generation__namespace__in=namespaces, next_attempt_at__isnull=False, attempts__lte=1
        )
        return count_live(namespaces) + downloads.count()

    return cached_by_versions("pending", namespaces, count)


def cached_by_versions(
    name: str, namespaces: Sequence[Namespace], make: Callable[[], T], *, variant: object = None
) -> T:
    """Return a value that depends only on the versions of the namespaces and on `variant`, cached."""
    digest = hashlib.sha256(repr(variant).encode()).hexdigest()
    return cached(f"{name}:{VersionToken.of(namespaces)}:{digest}", CACHE_SECONDS, make)
