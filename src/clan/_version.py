"""The version, in one place: `hatch` reads it at build time, model files carry it."""

__version__ = "0.1.0"
