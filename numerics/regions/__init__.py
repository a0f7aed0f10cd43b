"""Exact linear regions of concrete networks: along curves, and in a window of the plane."""

from importlib import import_module
from typing import Any

# name -> module that defines it; loaded on first use, so that the import costs nothing
_PUBLIC = {
    "DecisionBoundary": "boundary",
    "GradientRow": "bound_values",
    "MaxoutLayers": "concrete_layers",
    "Pieces": "segment",
    "Report": "checks",
    "Subdivision": "subdivision",
    "check": "checks",
    "count_bounds": "bound_values",
    "count_polyline": "segment",
    "count_segment": "segment",
    "decision_boundary": "boundary",
    "gradient_table": "bound_values",
    "linear_regions": "adjacency",
    "load_layers": "network_files",
    "sample": "concrete_layers",
    "save_layers": "network_files",
    "subdivide": "subdivision",
    "topology": "adjacency",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
