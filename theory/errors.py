"""What the library refuses: one family, so that a caller can tell a refusal from a defect.

Every error of the family is also a ``ValueError``. The command line turns this family, and nothing
else, into "usage, exit 2"; any other exception is a defect of the program.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class MaxoutError(ValueError):
    """A request the library refuses; the message is one line that says what to do."""


class DomainError(MaxoutError):
    """A value outside the domain of its field, or of the quantity it is used for."""


class DoesNotApplyError(MaxoutError):
    """A statement does not speak about this network or these parameters."""


class OutOfReachError(MaxoutError):
    """A statement that applies, but whose value the methods at hand do not reach here."""


@contextmanager
def while_on(subject: str) -> Iterator[None]:
    """Note on a defect what was being worked on: a statement's key, or a file.

    The command line prints the notes in its one line. A refusal says itself what it is about.
    """
    try:
        yield
    except MaxoutError:
        raise
    except Exception as error:
        error.add_note(f"while on {subject}")
        raise
