"""Abstract values: what an expression of the analysed program can be."""
