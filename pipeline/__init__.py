"""The command `campaigns`: collect → build → publish → report, and what they share."""
