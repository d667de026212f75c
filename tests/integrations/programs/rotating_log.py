"""A log file that several processes share and rotate, by concurrent-log-handler."""

import logging
import multiprocessing
from logging.config import dictConfig

CONFIGURATION = {
    "version": 1,
    "formatters": {"plain": {"format": "%(asctime)s %(processName)s %(name)s %(message)s", "datefmt": "%H-%M-%S"}},
    "handlers": {
        "file": {
            "class": "concurrent_log_handler.ConcurrentRotatingFileHandler",
            "filename": "shared.log",
            "maxBytes": 1000,
            "backupCount": 3,
            "formatter": "plain",
        }
    },
    "root": {"level": "INFO", "handlers": ["file"]},
}


def work(name: str) -> None:
    """Log from a process."""
    for number in range(20):
        logging.getLogger(name).info("record %02d of %s", number, name, extra={"metrics": {"n": number}})
        logging.getLogger(name).debug("below the level")


if __name__ == "__main__":
    dictConfig(CONFIGURATION)
    work("parent")
    for name in ("first", "second"):
        # One after the other, so that the file has an order.
        process = multiprocessing.get_context("fork").Process(target=work, args=(name,))
        process.start()
        process.join()
        assert process.exitcode == 0
