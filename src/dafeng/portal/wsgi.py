"""The WSGI application that granian serves.

Everything that pages and the API need is loaded before the first request, and then left out of Python's collector of cycles:
it never goes away, and to walk all of it stops every reader of the process for a quarter of a second.
"""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

gc.disable()  # collecting while modules load finds nothing and takes a second and a half
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dafeng.portal.settings")
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  (imports all views)
gc.collect()
gc.freeze()
gc.enable()
