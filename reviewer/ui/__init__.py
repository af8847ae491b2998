"""The window: Qt and nothing but the services beneath it."""
