"""The same service for rights owners: a takedown is a complaint, on which the marketplace rules (`state`) by itself."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def _stand_class() -> Any:
    spec = importlib.util.spec_from_file_location("rest_map_stand", _HERE / "stand.py")
    if spec is None or spec.loader is None:
        raise ImportError("no stand.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Stand


def stand(_folder: Path) -> Any:
    """Started for one run of the suite."""
    return _stand_class()(map_name="example-complaints.toml")
