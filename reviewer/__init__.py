"""Reviewer workstation: decide flagged listings quickly, on evidence, and never lose a decision."""

__version__ = "0.1.0"
