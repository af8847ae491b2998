"""The audit window: a pack, its verification, its numbers, and second opinions on a sample of it."""
