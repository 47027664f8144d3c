#!/usr/bin/env python
"""Drover's commands: `manage.py help` lists them."""

import os
import sys

if __name__ == "__main__":
    os.umask(0o077)  # Only this user may read the data folder.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
