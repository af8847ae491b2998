"""The one store: SQLite files, their schema, and a module for each group of tables."""
