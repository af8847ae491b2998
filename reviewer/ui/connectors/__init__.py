"""Accounts at marketplaces: first run, settings forms, states."""
