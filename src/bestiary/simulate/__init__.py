"""REES46-like event files with a known truth."""

from bestiary.simulate.simulator import simulate

__all__ = ["simulate"]
