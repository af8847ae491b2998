"""The process of a connector in a test build: at C7, C8 and C12 it takes the workstation with it."""

from __future__ import annotations

import os
import runpy
import signal
import sys

from tests.crash.arming import Arming, arm


def _die() -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    arm(Arming(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])), _die)
    sys.argv = sys.argv[:1]
    runpy.run_module("reviewer.connectors.hosted", run_name="__main__")
