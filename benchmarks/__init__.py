"""Ratios to named baselines, and long runs. Each is a module to be run: `python -m benchmarks.execution`."""
