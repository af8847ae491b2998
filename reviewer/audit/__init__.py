"""Audit packs: history in one signed file, with the sample, the numbers and the reports that are drawn from it."""
