"""Workloads: what makes and replaces pods."""
