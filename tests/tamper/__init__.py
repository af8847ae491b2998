"""Every way to tamper with a pack of a thousand rows; `python -m tests.tamper` tries them all."""
