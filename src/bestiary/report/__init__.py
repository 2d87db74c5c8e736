"""The report: the figures of a run as one page that opens without a network.

`summary` computes plain numbers, `charts` draws figures from them, `words` puts them in a language, and `html` lays
the page out. A step never does the next one's work, so another page can be made of the same parts.
"""
