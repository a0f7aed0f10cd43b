"""Entry point of the ``maxout`` command."""


def main() -> None:
    """Run the command line."""
