"""Entry point of the ``maxout`` command and of ``python -m maxout``."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from maxout.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
