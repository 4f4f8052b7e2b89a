"""For a WSGI server: `granian --interface wsgi wsgi:app`."""

from werkzeug.middleware.proxy_fix import ProxyFix

from nxloy_web import create_app

app = create_app()
if app.config["BEHIND_PROXY"]:
    # Believed only when asked to: anybody can send these headers to a server without a proxy.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
