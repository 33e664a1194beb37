"""shapelint: finds PyTorch shape faults before anything runs."""

__version__ = "0.1.0"
