"""Bestiary: a book of customer segments from a shop's event log.

The Python API mirrors the commands: `from bestiary import pipeline`, then `pipeline.run(...)`, `pipeline.ingest(...)`
and so on. Importing the package itself loads nothing heavy.
"""

__version__ = "0.1.0"
