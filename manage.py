#!/usr/bin/env python
"""Drover's commands: `manage.py help` lists them."""

import os
import sys

if __name__ == "__main__":
    os.umask(0o077)  # The database and the results are nobody else's on this machine.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
