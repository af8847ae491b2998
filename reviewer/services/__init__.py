"""What the window and the commands call.  No Qt here; see `workstation.py` for who runs on which thread."""
