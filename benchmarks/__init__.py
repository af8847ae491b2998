"""Measures every budget of docs/performance.md against its floor and its peers: `python -m benchmarks`."""
