"""The conformance suite: what a connector promises by its capabilities, tried against a server that also misbehaves."""
