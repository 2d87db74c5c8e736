"""The same animal next month: re-fit, matching, movements, ageing, drift, and how often to re-fit.

Arrays go in and plain records come out; nothing here reads the lake or writes a file.
"""
