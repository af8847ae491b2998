"""Fills an empty hub with the demo and makes reviewers: `python -m benchmarks.fill folder reviewers`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sqlalchemy import Connection

from reviewer.hub.auth import add_account, new_token
from reviewer.hub.demo import fill_demo
from reviewer.hub.store import open_store


def main() -> None:
    """Prints the tokens of the reviewers as JSON."""
    folder, reviewers = Path(sys.argv[1]), int(sys.argv[2])
    store = open_store(folder)
    try:
        fill_demo(store)
        tokens = [new_token() for _ in range(reviewers)]

        def write(connection: Connection) -> None:
            for number, token in enumerate(tokens):
                add_account(connection, f"Reviewer {number:02d}", "reviewer", token, store.clock())

        store.database.write(write)
    finally:
        store.close()
    print(json.dumps(tokens))


if __name__ == "__main__":
    main()
