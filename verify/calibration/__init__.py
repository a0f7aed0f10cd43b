"""Calibration: decision procedures on data whose truth is known, run after run."""

from maxout.verify.calibration.trial import KINDS, Row, Trial, calibrate
from maxout.verify.calibration.trials import trials

__all__ = ["KINDS", "Row", "Trial", "calibrate", "trials"]
