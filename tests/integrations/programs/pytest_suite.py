"""pytest on a small suite, with its live log and its log file."""

import sys

import pytest

if __name__ == "__main__":
    options = ["-c", "/dev/null", "--rootdir", ".", "-o", "log_cli=true", "--log-cli-level=INFO", "-p", "no:randomly"]
    sys.exit(pytest.main([*options, "--log-file=suite.log", "--log-file-level=DEBUG", "suite_caplog.py"]))
