"""Configure the dashboard, and Django's admin with Drover's own admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class DashboardConfig(AppConfig):
    name = "dashboard"


class SiteConfig(AdminConfig):
    default_site = "dashboard.admin_site.Site"
