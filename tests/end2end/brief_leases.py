"""A demo hub whose leases last for two seconds: `python -m tests.end2end.brief_leases --data DIR --port N`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reviewer.hub.leases import LeaseRules
from reviewer.hub.server import serve
from reviewer.hub.store import open_store

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--until-stdin-closes", action="store_true")
    given = parser.parse_args()
    serve(open_store(given.data, rules=LeaseRules(lease_s=2)), port=given.port, until=sys.stdin.buffer)
