"""For a WSGI server: `granian --interface wsgi wsgi:app`."""

from nxloy_web import create_app

app = create_app()
