"""The application object for any WSGI server: `gunicorn wsgi:application`."""

from ivr.app import create_app
from ivr.settings import load

application = create_app(load())
