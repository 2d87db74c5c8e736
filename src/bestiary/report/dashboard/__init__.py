"""The dashboard: the report's parts as pages, with what a file that is forwarded must not hold.

That is looking a customer up, ids on hover, downloads of a segment's customers, rows from quarantine, and any two
runs compared. It reads the store and changes nothing there; comparing two runs holds its lock.
"""
