"""A Flask application with a logging configuration of its own: by its test client, then by werkzeug's server."""

import itertools
import logging
import signal
import sys
from logging.config import dictConfig

from flask import Flask, request

dictConfig(
    {
        "version": 1,
        "formatters": {"plain": {"format": "[%(asctime)s] %(levelname)s in %(module)s: %(message)s"}},
        "handlers": {
            "wsgi": {
                "class": "logging.StreamHandler",
                "stream": "ext://flask.logging.wsgi_errors_stream",
                "formatter": "plain",
            },
            "audit": {"class": "logging.FileHandler", "filename": "audit.log", "formatter": "plain"},
        },
        "loggers": {"audit": {"level": "DEBUG", "handlers": ["audit"], "propagate": False}},
        "root": {"level": "INFO", "handlers": ["wsgi"]},
    }
)
app = Flask(__name__)
audit = logging.getLogger("audit")
numbers = itertools.count(1)


@app.route("/")
def index() -> str:
    """Log to both loggers; the second one keeps its records to itself."""
    who = request.args.get("who", "nobody")
    app.logger.info("index for %s", who)
    app.logger.debug("below the level")
    number = next(numbers)
    audit.debug("served %s", who, extra={"metrics": {"served": number}, "step": number})
    return f"hello {who}\n"


@app.route("/fail")
def fail() -> str:
    """Fail."""
    return str(1 / 0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    client = app.test_client()
    print(client.get("/?who=client").text, client.get("/fail").status_code)
    app.run(port=0)
