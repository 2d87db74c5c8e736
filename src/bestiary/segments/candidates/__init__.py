"""Several ways to segment the same customers, one module each, behind one interface (`candidate.Candidate`).

A module in this folder that has a `CANDIDATE` is a candidate: adding one is adding a file. `CANDIDATES` has them by
name, in the order in which they are tried and in which ties are settled.
"""

import pkgutil
from importlib import import_module

from bestiary.errors import ConfigError, did_you_mean
from bestiary.segments.candidates.candidate import Candidate


def _found() -> dict[str, Candidate]:
    modules = (import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__))
    found = [module.CANDIDATE for module in modules if hasattr(module, "CANDIDATE")]
    return {one.name: one for one in sorted(found, key=lambda one: (one.order, one.name))}


CANDIDATES = _found()


def named(names: tuple[str, ...]) -> list[Candidate]:
    """The candidates of these names, in the order of `CANDIDATES`; ConfigError for a name that is none."""
    for name in names:
        if name not in CANDIDATES:
            raise ConfigError(
                f"Unknown candidate '{name}'{did_you_mean(name, CANDIDATES)}.",
                allowed="Allowed: " + ", ".join(CANDIDATES) + ".",
            )
    return [one for one in CANDIDATES.values() if one.name in names]
