"""The mutation test of the catalogue: wrong versions of every statement, and who notices them."""

from .findings import Finding, search
from .mutants import Mutant, broken, mutants

__all__ = ["Finding", "Mutant", "broken", "mutants", "search"]
