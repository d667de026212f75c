"""A Django project in one file with LOGGING of its own: a management command, then requests by the test client."""

import logging
import sys

import django
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="for a test",
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
        "filters": {"no_debug": {"()": "django.utils.log.RequireDebugFalse"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["no_debug"]},
            "file": {"class": "logging.FileHandler", "filename": "site.log", "formatter": "plain", "level": "ERROR"},
        },
        "loggers": {
            "django.request": {"handlers": ["file"], "level": "WARNING", "propagate": True},
            "site": {"handlers": ["console"], "level": "DEBUG", "propagate": False},
        },
        "root": {"handlers": ["console"], "level": "WARNING"},
    },
)
log = logging.getLogger("site")


def index(request: HttpRequest) -> HttpResponse:
    """Log a value and a request object."""
    log.info("index for %s", request.GET.get("who"), extra={"metrics": {"length": 5}, "request": request})
    logging.getLogger("elsewhere").info("below the level of the root logger")
    return HttpResponse("hello")


def fail(request: HttpRequest) -> HttpResponse:
    """Fail."""
    return HttpResponse(str(1 / 0))


urlpatterns = [path("", index), path("fail", fail)]

if __name__ == "__main__":
    django.setup()
    execute_from_command_line([sys.argv[0], "check"])
    from django.test import Client

    client = Client(raise_request_exception=False)
    print([client.get(where).status_code for where in ("/?who=client", "/fail", "/missing")])
