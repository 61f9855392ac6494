"""YAML to policies and settings: schema, strict loader, all faults at once, lint."""
