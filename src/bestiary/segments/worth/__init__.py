"""What a segmentation is worth, measured on a window that it has not seen, and what each customer will bring.

`metrics` are the figures, `glm` the one regression, `scores` ranks customers by what another half of them taught,
`baselines` are the cells to beat, `compare` sets candidates beside these and a ceiling, `expected` is each
customer's value to come, `season` what rescales it. Arrays go in and plain numbers come out.
"""
