"""Simulated machines: the scheduler, the kubelet, and what images make of containers."""
