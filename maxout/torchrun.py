"""``torchrun --nproc-per-node N -m maxout.torchrun ...``: ``maxout verify`` in processes."""

from __future__ import annotations

import contextlib
import io
import os
import sys

from maxout.cli.main import run


def main() -> int:
    """Run this process's part; the first process prints, others speak up where they fail alone."""
    words = ["verify", "--distributed", *sys.argv[1:]]
    if os.environ.get("RANK", "0") == "0":
        return run(words)
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = run(words)
    if code not in (0, 1, 4):  # neither done nor decided
        print(f"process {os.environ['RANK']}: {said.getvalue().strip()}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
