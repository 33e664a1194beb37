"""The editor server. One file per feature, none of which knows the protocol; `protocol.py` translates, `server.py` serves.

Only `protocol.py` and `server.py` import pygls and what it brings.
"""
