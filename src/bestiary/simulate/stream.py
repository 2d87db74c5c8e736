"""Blocks of events as an Arrow stream, which DuckDB reads once, in order, and only as fast as it needs."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager

import numpy as np
from arro3.core import Array, RecordBatch, RecordBatchReader

from bestiary.simulate.funnel import COLUMNS, Rows

_ROWS = 122_880
"""Rows handed over at once: a row group of DuckDB's, so that several threads find work in a block."""


class Stream:
    """A stream of `blocks`; DuckDB may ask for them from any thread, one at a time."""

    def __init__(self, blocks: Iterable[Rows]) -> None:
        self._blocks = blocks
        self._error: BaseException | None = None

    def reader(self) -> RecordBatchReader:
        """What a connection registers."""
        none = _batch({name: np.empty(0, dtype) for name, dtype in COLUMNS.items()})
        return RecordBatchReader.from_batches(none.schema, self._batches())

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise, when DuckDB has done with the stream, what went wrong with the blocks."""
        yield
        if self._error is not None:
            raise self._error

    def _batches(self) -> Generator[RecordBatch]:
        try:
            for block in self._blocks:
                for start in range(0, len(block["second"]), _ROWS):
                    yield _batch({name: column[start : start + _ROWS] for name, column in block.items()})
        except (Exception, KeyboardInterrupt) as error:
            self._error = error  # and the stream just ends: DuckDB at times never returns from a stream that fails


def _batch(rows: Rows) -> RecordBatch:
    return RecordBatch.from_pydict({name: Array.from_numpy(column) for name, column in rows.items()})
