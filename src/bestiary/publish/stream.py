"""A table of a run as a stream of Arrow batches. Memory: DuckDB's few row groups, and a batch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bestiary.publish.content import Content
from bestiary.sql import connect, unreadable, within


@contextmanager
def streamed(content: Content, name: str, memory_bytes: int, tell: Callable[[int], None]) -> Iterator[Any]:
    """The rows that a table gets, which whoever takes them pulls; `tell` hears of the rows of each batch.

    What goes wrong while they are read is raised here, and not the error of whoever could not go on.
    """
    from arro3.core import RecordBatchReader

    failed: list[BaseException] = []

    def told(batches: Any) -> Iterator[Any]:
        try:
            for batch in batches:
                tell(batch.num_rows)
                yield batch
        except BaseException as error:
            failed.append(error)
            raise

    with within(memory_bytes, "publishing"), connect(threads=2, memory_bytes=memory_bytes) as connection:
        reader = RecordBatchReader.from_stream(connection.sql(content.select(name)))
        try:
            yield RecordBatchReader.from_batches(reader.schema, told(reader))
        except Exception:
            if not failed:
                raise
            if isinstance(failed[0], Exception):  # what DuckDB says while it is read comes without its kind
                raise unreadable(failed[0]) from None
            raise failed[0] from None
