"""Programs of PyTorch as people write them, made from a seed, for `benchmarks/generate.py`.

`sketch.py` holds what a program under construction is. A file of constructs holds one family of them, each a function that continues a
program from a tensor of known shape; `@construct` makes it known, and nothing else must be edited to add one. `whole.py` puts constructs
together and writes the driver; `running.py` asks torch, `judging.py` asks shapelint and compares, `minimising.py` makes a disagreement small.
"""
