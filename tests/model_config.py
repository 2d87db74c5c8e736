"""What a model in a test was asked for."""

from typing import Any

CONFIG: dict[str, Any] = {
    "preset": "default",
    "windows": [2, 5, 7],
    "k": "auto",
    "k_min": 2,
    "k_max": 11,
    "candidate": None,
    "test_share": 0.2,
    "seed": 0,
}
