"""What surrounds workloads: networks, volumes, scaling, and housekeeping."""
