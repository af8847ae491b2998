"""Starts the workstation: `python main.py`, the command `reviewer`, and the desktop entry are the same thing."""

import sys

from reviewer.app import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
