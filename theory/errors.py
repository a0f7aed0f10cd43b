"""What the library refuses: one family, so that a caller can tell a refusal from a defect.

Every error of the family is also a ``ValueError``. The command line turns this family, and nothing
else, into "usage, exit 2"; any other exception is a defect of the program.
"""


class MaxoutError(ValueError):
    """A request the library refuses; the message is one line that says what to do."""


class DomainError(MaxoutError):
    """A value outside the domain of its field, or of the quantity it is used for."""


class DoesNotApplyError(MaxoutError):
    """A statement does not speak about this network or these parameters."""


class OutOfReachError(MaxoutError):
    """A statement that applies, but whose value the methods at hand do not reach here."""
