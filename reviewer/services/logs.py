"""The last lines of the log, for the diagnostics: without tokens and without personal data."""

from __future__ import annotations

import logging
import re
from collections import deque

_BEARER = re.compile(r"(?i)(bearer|token|authorization|secret)(\W+)(?:(?:bearer|basic)\s+)?\S+")


class LastLines(logging.Handler):
    """Keeps the last lines in memory.  Safe on any thread."""

    def __init__(self, count: int = 200) -> None:
        super().__init__(logging.INFO)
        self._kept: deque[str] = deque(maxlen=count)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, with what looks like a token blotted out."""
        self._kept.append(_BEARER.sub(r"\1\2***", self.format(record)))

    def lines(self) -> list[str]:
        """The last lines, oldest first."""
        return list(self._kept)

    def close(self) -> None:
        """Listen no longer."""
        logging.getLogger().removeHandler(self)
        super().close()
