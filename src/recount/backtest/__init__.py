"""Fits on what was measured, and predictions of what a fit has not seen."""
