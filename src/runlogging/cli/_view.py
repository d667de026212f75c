"""``runlogging view``: the runs of a root in a browser."""

from __future__ import annotations

from collections.abc import Sequence

import click

from runlogging.cli._escape import escape
from runlogging.cli._json import json_text
from runlogging.cli._output import Output
from runlogging.folder import find_root


def view_root(
    root: str,
    output: Output,
    *,
    port: int,
    host: str,
    allowed_hosts: Sequence[str],
    prefix: str,
    edits: bool,
    browser: bool,
    as_json: bool,
) -> None:
    """Serve the pages of a root until Ctrl-C; the first line of output is the URL.

    Raises:
        RunLoggingError, OSError, KeyboardInterrupt: as `view`.
    """
    from runlogging.viewer import view

    def announce(url: str) -> None:
        output.write(json_text({"url": url, "root": find_root(root)}) if as_json else url)
        output.flush()

    view(
        root,
        port=port,
        host=host,
        allowed_hosts=allowed_hosts,
        prefix=prefix,
        edits=edits,
        browser=browser,
        announce=announce,
        warn=lambda line: click.echo(escape(line), err=True),
    )
