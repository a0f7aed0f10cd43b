"""All oracles: importing this imports every module beside it, which enters theirs."""

from importlib import import_module
from pathlib import Path

from .registry import ORACLES, At, Oracle, noticed

for _path in sorted(Path(__file__).parent.glob("*.py")):
    if not _path.stem.startswith(("test_", "collected")):
        import_module(f".{_path.stem}", __package__)

__all__ = ["ORACLES", "At", "Oracle", "noticed"]
