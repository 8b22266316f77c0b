"""Pages over WSGI: for installations that run pages and sockets in separate processes."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")
application = get_wsgi_application()
