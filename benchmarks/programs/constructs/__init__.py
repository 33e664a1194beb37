"""Every file in here holds the constructs of one family; all are read."""

from importlib import import_module
from pkgutil import iter_modules

from programs.sketch import CONSTRUCTS

for _module in sorted(iter_modules(__path__), key=lambda m: m.name):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["CONSTRUCTS"]
