"""Benchmarks: one module a question, each side a process of its own, measured in turn."""
