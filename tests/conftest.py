"""For all tests: none of properties is held to the clock, as its first example may compile."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
