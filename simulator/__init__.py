"""Simulated ad accounts with known truth."""
