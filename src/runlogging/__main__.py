"""Make ``python -m runlogging`` the same as the command ``runlogging``."""

from runlogging.cli import main

if __name__ == "__main__":
    main(prog_name="runlogging")
