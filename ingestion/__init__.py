"""Collectors: they move data from a platform into `raw_<platform>`, and decide nothing.

`contract` says what every collector yields, `load` brings it into the warehouse through dlt,
`spec` and `files` are the generic platform: any export, described in YAML.
"""
