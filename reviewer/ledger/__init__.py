"""What makes history verifiable: canonical JSON and the hash chain of audit rows."""
