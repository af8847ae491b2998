"""Starts the program: `python main.py`, the command `reviewer`, and the desktop entry are the same thing."""

from reviewer.cli import main

if __name__ == "__main__":
    main()
