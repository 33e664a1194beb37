"""How long the properties are searched: `SHAPELINT_EXAMPLES=5000 pytest tests/core` looks further than every run does."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "core",
    max_examples=int(os.environ.get("SHAPELINT_EXAMPLES", "100")),
    deadline=None,
    derandomize="SHAPELINT_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("core")
