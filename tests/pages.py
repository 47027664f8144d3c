"""Read a page the way its user does: rows, forms, fields, links and visible text, not markup.

`read(response)` returns a Page. Its methods find one element and fail with what they looked for.
"""

from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup, Tag


def read(response: Any) -> "Page":
    """Parse a test client's response, or HTML text, as a page."""
    html = response if isinstance(response, str) else response.content.decode()
    return Page(BeautifulSoup(html, "html.parser"))


def text_of(element: Tag) -> str:
    """Return the visible text of an element with its white space collapsed."""
    return " ".join(element.get_text(" ").split())


class Page:
    """A page or a fragment of one."""

    def __init__(self, soup: Any) -> None:
        self.soup = soup

    @property
    def text(self) -> str:
        """The visible text, white space collapsed; scripts and styles left out."""
        visible = BeautifulSoup(str(self.soup), "html.parser")
        for hidden in visible(["script", "style", "template"]):
            hidden.extract()
        return text_of(visible)

    @property
    def title(self) -> str:
        return text_of(self.one("title"))

    @property
    def heading(self) -> str:
        return text_of(self.one("h1"))

    def all(self, selector: str) -> list[Tag]:
        """Return every element that a CSS selector matches."""
        return list(self.soup.select(selector))

    def one(self, selector: str) -> Tag:
        """Return the only element that a CSS selector matches."""
        found = self.all(selector)
        assert len(found) == 1, f"{len(found)} elements match {selector!r}"
        return found[0]

    def has(self, selector: str) -> bool:
        return bool(self.all(selector))

    def texts(self, selector: str) -> list[str]:
        return [text_of(element) for element in self.all(selector)]

    def text_in(self, selector: str) -> str:
        return text_of(self.one(selector))

    def attribute(self, selector: str, name: str) -> str:
        """Return an attribute of the only element that a CSS selector matches."""
        return str(self.one(selector)[name])

    @property
    def version(self) -> str:
        """The version that the page's next poll asks for changes since."""
        return self.attribute("input[name=since]", "value")

    @property
    def rows(self) -> list["Row"]:
        """The generations of the table, in the order of the page."""
        return [Row(element) for element in self.all('[id^="generation-"][data-status]')]

    @property
    def row_ids(self) -> list[str]:
        """The ids of the generations of the table, in the order of the page."""
        return [row.id for row in self.rows]

    def row(self, generation: Any) -> "Row":
        """Return the row of one generation, given it or its id."""
        key = getattr(generation, "pk", generation)
        return Row(self.one(f'[id="generation-{key}"]'))

    def link(self, text: str) -> str:
        """Return the address behind a link or a button with this text."""
        found = [each for each in self.all("a, button") if text_of(each) == text]
        assert len(found) == 1, f"{len(found)} links say {text!r}"
        return str(found[0].get("href") or found[0].get("formaction") or "")

    def has_link(self, text: str) -> bool:
        return any(text_of(each) == text for each in self.all("a, button"))

    def form(self, selector: str = "form#composer") -> "Form":
        return Form(self.one(selector))


@dataclass
class Row:
    """One generation in the table."""

    element: Tag

    @property
    def id(self) -> str:
        return str(self.element["id"]).removeprefix("generation-")

    @property
    def status(self) -> str:
        return str(self.element["data-status"])

    @property
    def text(self) -> str:
        return text_of(self.element)

    @property
    def buttons(self) -> list[str]:
        """The texts of the row's buttons."""
        return [text_of(button) for button in self.element.select("button")]

    @property
    def is_overdue(self) -> bool:
        return "overdue" in self.element["class"]


class Form:
    """A form and its fields."""

    def __init__(self, element: Tag) -> None:
        self.element = element

    def _inputs(self, name: str) -> list[Tag]:
        return [each for each in self.element.select("input, select, textarea") if each.get("name") == name]

    @property
    def names(self) -> list[str]:
        """The names of all fields that are sent, in order, each once."""
        named = [each.get("name") for each in self.element.select("input, select, textarea")]
        return list(dict.fromkeys(str(name) for name in named if name))

    def has(self, name: str) -> bool:
        return bool(self._inputs(name))

    def values(self, name: str) -> list[str]:
        """Return what the fields of this name hold, empty ones left out."""
        return [value for each in self._inputs(name) if (value := _value(each))]

    def value(self, name: str) -> str:
        """Return what the only field of this name holds."""
        found = self._inputs(name)
        assert len(found) == 1, f"{len(found)} fields are named {name!r}"
        return _value(found[0])

    def options(self, name: str) -> list[str]:
        """Return the values that a select offers."""
        return [str(option.get("value", "")) for option in self._inputs(name)[0].select("option")]

    def error(self, name: str) -> str:
        """Return the error text that a field refers to; empty if it is valid."""
        field = next(each for each in self._inputs(name) if each.get("type") != "hidden")
        if field.get("aria-invalid") != "true":
            return ""
        described = self.element.find(id=str(field["aria-describedby"]))
        assert isinstance(described, Tag), f"{name} refers to an error that is not there"
        return text_of(described)


def _value(field: Tag) -> str:
    if field.name == "textarea":
        # HTML drops one line break right after the tag.
        return field.get_text().removeprefix("\n")
    if field.name == "select":
        chosen = field.select("option[selected]") or field.select("option")[:1]
        return str(chosen[0].get("value", "")) if chosen else ""
    return str(field.get("value", ""))
