"""What a page of the dashboard has beside the report's parts: addresses, the choice of run and language, examples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bestiary.config import Language
from bestiary.lake.rejects import Reject
from bestiary.lake.runs import Run


@dataclass(frozen=True)
class Desk:
    """The page that is made, its run and the others (latest first), and the language.

    `examples` gives rows from quarantine; `asked` are further values of the address, kept when the language changes.
    """

    page: str
    path: str
    run: Run
    runs: Sequence[Run]
    language: Language
    examples: Callable[[], Sequence[Reject]]
    asked: dict[str, str] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def latest(self) -> bool:
        """Whether the run is the latest, which addresses need not name."""
        return self.run.path.name == self.runs[0].path.name

    def address(self, path: str, anchor: str = "", **more: str) -> str:
        """An address here that keeps the run."""
        query = urlencode({**({} if self.latest else {"run": self.run.path.name}), **more})
        return path + (f"?{query}" if query else "") + (f"#{anchor}" if anchor else "")

    def link(self, page: str, anchor: str = "") -> str:
        """The address of a page; a segment has a page of its own."""
        if page == "segments" and anchor.startswith("segment-"):
            return self.address(f"/segments/{anchor.removeprefix('segment-')}")
        return self.address("/" if page == "overview" else f"/{page}", anchor)

    def in_language(self, language: str) -> str:
        """The address of this page in another language."""
        return self.address(self.path, **self.asked, lang=language)

    def download(self, segment: int, kind: str) -> str:
        """The address of a segment's customers as a file."""
        return self.address(f"/segments/{segment}/customers.{kind}")
