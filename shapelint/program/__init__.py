"""A small, frozen model of the analysed program, lowered once from libcst."""
