"""Segments: what is learned from the customer table, and the animals' names.

`fit.fit` is the whole of it: the population of a preset, its recency, frequency and monetary value, KMeans
over a range of k with the silhouette of each, the names, the tree that explains them, and three files:
`model.json`, `segments.parquet` and `scorecard.json`. `model` places any customer with numpy alone: the
scoring service imports `model` and `personas` and needs no engine and no scikit-learn.
"""
