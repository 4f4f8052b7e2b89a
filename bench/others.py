"""What we compare with, on the same server: a bare Flask page, and Flask-Admin's list of the same
table with the columns our list has. Neither signs anybody in nor checks a right."""

import os

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from sqlalchemy import MetaData, Table, create_engine
from sqlalchemy.orm import declarative_base, scoped_session, sessionmaker

from nxloy_web.config import with_driver


def bare() -> Flask:
    app = Flask("bare")
    app.add_url_rule("/healthz", "healthz", lambda: "ok")
    app.add_url_rule("/", "page", lambda: "<!doctype html><title>Bare</title><p>A page.")
    return app


def admin() -> Flask:
    app = Flask("admin")
    app.secret_key = "x"
    app.add_url_rule("/healthz", "healthz", lambda: "ok")
    engine = create_engine(with_driver(os.environ["ADMIN_URL"]), pool_size=10)
    base = declarative_base()
    table = Table("customers", MetaData(), autoload_with=engine, schema="nx")
    customer = type("Customer", (base,), {"__table__": table})
    session = scoped_session(sessionmaker(engine))
    app.teardown_appcontext(lambda error: session.remove())

    class Customers(ModelView):
        page_size = 25
        column_list = (
            "first_name", "last_name", "email", "phone_number", "status", "purchase_count",
            "spent_minor", "last_purchase_at",
        )  # fmt: skip
        column_searchable_list = ("first_name", "last_name", "email_norm")

    view = Customers(customer, session, name="Customers", endpoint="customers")
    Admin(app, name="Admin").add_view(view)
    return app


def __getattr__(name: str) -> Flask:
    """The application a server asks for, made when it is asked for."""
    makers = {"bare_app": bare, "admin_app": admin}
    if name not in makers:
        raise AttributeError(name)
    return makers[name]()
