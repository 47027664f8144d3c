"""What all of the admin's pages share: their names, and the order of what there is to see."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest

#: The parts that there are, in the order in which they are wanted; others follow.
_PARTS = {"queueapp": "Queue", "auth": "People", "axes": "Sign-ins", "django_q": "Task queue"}


class Site(AdminSite):
    site_header = "Drover"
    site_title = "Drover admin"
    index_title = "Everything there is"
    # The header links back to the queue in its own words.
    site_url = None
    # It would take a fifth of the lists' width; the first page shows the same.
    enable_nav_sidebar = False

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        found = super().get_app_list(request, app_label)
        for part in found:
            part["name"] = _PARTS.get(part["app_label"], part["name"])
        return sorted(found, key=_place)


def _place(part: dict[str, Any]) -> tuple[int, str]:
    known = [*_PARTS]
    return known.index(part["app_label"]) if part["app_label"] in known else len(known), part["name"]
