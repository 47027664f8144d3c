"""Configure the admin site: titles, and the order of the apps on its index page."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest

#: Names of the apps, in the order of the index page. Other apps follow.
_APP_NAMES = {"queueapp": "Queue", "auth": "Users", "axes": "Sign-ins", "django_q": "Task queue"}


class Site(AdminSite):
    """Drover's admin site."""

    site_header = "Drover"
    site_title = "Drover admin"
    index_title = "Administration"
    # The header has its own link back to the queue.
    site_url = None
    # The sidebar would take a fifth of the width and show the same as the index page.
    enable_nav_sidebar = False

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["name"] = _APP_NAMES.get(app["app_label"], app["name"])
        return sorted(apps, key=_sort_key)


def _sort_key(app: dict[str, Any]) -> tuple[int, str]:
    known = [*_APP_NAMES]
    position = known.index(app["app_label"]) if app["app_label"] in known else len(known)
    return position, app["name"]
