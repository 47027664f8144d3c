from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class DashboardConfig(AppConfig):
    name = "dashboard"


class SiteConfig(AdminConfig):
    """Django's admin, as `dashboard/admin_site.py` has it."""

    default_site = "dashboard.admin_site.Site"
