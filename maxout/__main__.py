"""Entry point of the ``maxout`` command and of ``python -m maxout``."""

import gc
import sys

OBJECTS_BETWEEN_COLLECTIONS = 500_000


def main() -> None:
    """Run the command line and exit with its code."""
    # Importing makes objects by the hundred thousand and next to no garbage: at Python's threshold
    # of 700 the collector takes a tenth of the time of `maxout constant`.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    from maxout.cli.main import run

    code = run(sys.argv[1:])
    # All memory goes back at the end of the process: the collector need not walk through it
    # once more on the way out, which costs a quarter of `maxout constant`. Extension modules that
    # PyTorch brings along call that a leak.
    if "torch" not in sys.modules:
        gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
