"""The dossier of a seller, in a window of its own."""
