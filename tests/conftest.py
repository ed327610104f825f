"""For all tests: Hypothesis has no deadline. A busy machine is no defect, and speed is measured in tests/bench."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
