"""The review screen: everything needed for a decision in view, one key to decide, the next case there at once."""
