"""What torch does to shapes: one op or close family per file. `contract.py` says what an op is, `index.py` finds one by name."""
