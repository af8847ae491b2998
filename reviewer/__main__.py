"""`python -m reviewer` is the same as the command `reviewer`."""

from __future__ import annotations

from reviewer.cli import main

if __name__ == "__main__":
    main()
