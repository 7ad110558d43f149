"""A reproducible companion to five documents on in-memory computing."""

__version__ = "0.1.0"
