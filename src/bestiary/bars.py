"""Progress for people: one moving line on a terminal, a line now and then where there is none (cron, containers)."""

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from bestiary.progress import Figures, Progress, Watched
from bestiary.streams import write_line


def for_people() -> Progress:
    """The kind of progress that standard error is made for."""
    console = Console(stderr=True, highlight=False)
    if console.is_terminal and not console.is_dumb_terminal:
        return Watched(Line(console), every=0.25)
    return Watched(Lines())


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: `0:07`, `12:34`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def while_it_goes(now: Figures) -> str:
    """Rows, rate and time left; the time until now while nothing tells what is left."""
    if now.seconds_left is None:
        return f"{duration(now.seconds)} so far"
    return ", ".join([f"{int(100 * now.share)} %", *_rows(now), f"{duration(now.seconds_left)} left"])


def at_its_end(now: Figures) -> str:
    """What a step has come to."""
    whole = "done in" if now.done >= now.total else f"ended at {int(100 * now.share)} % after"
    return ", ".join([f"{whole} {duration(now.seconds)}", *_rows(now)])


def _rows(now: Figures) -> list[str]:
    return [f"{now.rows:,} rows", f"{now.rows_per_second:,.0f} rows/s"] if now.rows else []


class Lines:
    """Plain lines, for steps that take a while."""

    def __init__(self) -> None:
        self._shown = False

    def began(self, now: Figures) -> None:
        """Nothing yet: most steps are over at once."""
        self._shown = False

    def goes_on(self, now: Figures) -> None:
        """A line."""
        self._shown = True
        write_line(f"{now.label}: {while_it_goes(now)}")

    def ended(self, now: Figures) -> None:
        """A last line, where there was a first."""
        if self._shown:
            write_line(f"{now.label}: {at_its_end(now)}")


class Line(Lines):
    """One line that moves, for steps that take a while; what stays of it is how long the step took."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def goes_on(self, now: Figures) -> None:
        """Draw the line anew."""
        if not self._shown:
            self._shown = True
            self._live.start()
        line = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=now.total if now.done else None, completed=now.done, width=24)  # None: it swings
        line.add_row(now.label, bar, while_it_goes(now))
        self._live.update(line, refresh=True)

    def ended(self, now: Figures) -> None:
        """Put what stays in the place of the line."""
        if self._shown:
            self._live.stop()
        super().ended(now)
