"""Where the program keeps its files."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_NAME = "reviewer-workstation"


def default_folder() -> Path:
    """The data folder of this person: `REVIEWER_DATA` where it is set, else the system's place for it."""
    chosen = os.environ.get("REVIEWER_DATA")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir(_NAME, appauthor=False))
