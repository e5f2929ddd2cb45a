"""What every test may ask for."""

from hypothesis import settings

pytest_plugins = ["tests.support.control_plane_fixtures"]

# A busy machine fails no test.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
