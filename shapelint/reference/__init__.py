"""The recurrent layers of PyTorch written out from their equations, and the table of the shapes inside them.

Importing this package does not import torch: `sizes` and `table` need none, the other modules are loaded where they
are used.
"""
