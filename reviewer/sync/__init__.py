"""One pass each way between a connector and the store.  Plain functions that their caller repeats."""
