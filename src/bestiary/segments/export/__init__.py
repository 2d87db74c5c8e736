"""The model for other engines: one SELECT in six dialects of SQL, and an ONNX graph.

The placement of a model is made once, as layers of sqlglot expressions (`placement`): each layer names columns that are
computed from the layers before. `render` writes the layers as common table expressions, `graph` as ONNX nodes. The
arithmetic is that of numpy in `transform` and the partitions, step by step and in the same order, so that labels are
equal bit for bit; what a method has learned in SQL is in `spaces` and `partitions`, one function for each class, and
what has none there cannot be chosen (`has_sql`).

A null is what numpy knows as NaN. A NaN of a database is no number: whoever has one cannot be placed. sqlglot is
imported here only, never by the model: placing needs numpy alone.
"""

from bestiary.segments.export.graph import to_onnx
from bestiary.segments.export.placement import has_sql
from bestiary.segments.export.render import DIALECTS, score

__all__ = ["DIALECTS", "has_sql", "score", "to_onnx"]
