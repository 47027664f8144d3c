"""Parse the account behind a key: its owner, its balance, and the history of its generations with costs."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from queueapp.upstream.messages import Row, unwrap_row
from queueapp.upstream.parsing import Json, as_decimal, as_integer, as_object, as_short_text
from queueapp.upstream.redaction import Redactor


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A generation in the account's history. `cost` is None until the hub reports it."""

    row: Row
    cost: Decimal | None
    username: str | None

    @classmethod
    def parse(cls, data: Json, redact: Redactor) -> Self | None:
        """Return the entry, or None if it has no usable id."""
        row = Row.parse(data, redact)
        if row is None:
            return None
        fields = unwrap_row(data)
        return cls(row, as_decimal(fields.get("cost")), as_short_text(fields.get("username")))


@dataclass(frozen=True, slots=True)
class History:
    """One page of the account's history, newest first as the hub sends it."""

    entries: tuple[HistoryEntry, ...]
    page: int | None
    page_size: int | None
    total_pages: int | None
    total_entries: int | None
    total_cost: Decimal | None

    @classmethod
    def parse(cls, body: Json, redact: Redactor) -> Self | None:
        """Return the page, or None if it contains no list. Entries without an id are left out."""
        outer = as_object(body)
        data = outer.get("generations")
        if not isinstance(data, list) or outer.get("error") or outer.get("status") == "error":
            return None
        entries = (HistoryEntry.parse(item, redact) for item in data)
        return cls(
            tuple(entry for entry in entries if entry is not None),
            as_integer(outer.get("page_number")),
            as_integer(outer.get("page_size")),
            as_integer(outer.get("total_pages")),
            as_integer(outer.get("total_entries")),
            as_decimal(outer.get("total_cost")),
        )


@dataclass(frozen=True, slots=True)
class Account:
    """The owner of a key. The hub does not document this call, so each part may be missing."""

    namespace: str | None
    balance: Decimal | None

    @classmethod
    def parse(cls, body: Json) -> Self | None:
        """Return the account, or None if the body contains neither a namespace nor a balance."""
        outer = as_object(body)
        inner = as_object(outer.get("user")) or as_object(outer.get("data")) or outer
        names = (as_short_text(inner.get(name)) for name in ("namespace", "username", "name"))
        balances = (as_decimal(inner.get(name)) for name in ("balance", "credits", "credit_balance"))
        account = cls(
            next((name for name in names if name), None),
            next((balance for balance in balances if balance is not None), None),
        )
        return account if account.namespace or account.balance is not None else None
