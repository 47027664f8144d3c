"""The WSGI application. Each worker process of the web server ends with its parent."""

import os

from django.core.wsgi import get_wsgi_application

from queueapp.processes import parent_death

os.umask(0o077)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
parent_death.die_with_parent()
application = get_wsgi_application()
