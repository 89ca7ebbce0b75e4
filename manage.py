#!/usr/bin/env python
"""Django's own commands. For the product's, see `dafeng --help`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dafeng.portal.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
