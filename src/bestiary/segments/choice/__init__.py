"""How many segments, and how much to believe in them.

`bins` makes many customers few weighted points, `silhouette` measures each k over all of them, `null` asks whether
a smooth cloud would look the same, `stability` whether the same customers drawn again would be cut the same way,
`verdict` says natural, reproducible or constructed by a fixed rule, and `judge` conducts it.
"""
