"""What the web server runs. Each of its workers ends with the process that started it all."""

import os

from django.core.wsgi import get_wsgi_application

from queueapp.processes import parent_death

os.umask(0o077)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
parent_death.die_with_lock_holder()
application = get_wsgi_application()
