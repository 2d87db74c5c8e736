"""What Prometheus is told: requests, customers by segment, the model and the process. No customer is in it."""

from collections import Counter
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client import Counter as Counted

from bestiary.serve.scorer import Scores

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One service's figures, in a registry of its own."""

    def __init__(self, age_days: Callable[[], float]) -> None:
        self.registry = to = CollectorRegistry()
        ProcessCollector(registry=to)
        self._requests = Counted("bestiary_requests", "Answers.", ["route", "method", "status"], registry=to)
        self._seconds = Histogram(
            "bestiary_request_seconds", "Time to answer.", ["route"], buckets=SECONDS, registry=to
        )
        self.in_progress = Gauge("bestiary_requests_in_progress", "Requests being answered.", registry=to)
        self._customers = Counted("bestiary_customers", "Customers scored, by segment.", ["segment"], registry=to)
        self._loads = Counted("bestiary_file_loads", "New models and keys.", ["file", "outcome"], registry=to)
        age = Gauge("bestiary_model_age_days", "Whole days since the model's as-of date.", registry=to)
        age.set_function(age_days)
        for file in ("model", "keys"):
            for outcome in ("taken", "refused"):
                self._loads.labels(file, outcome)  # so that an alarm sees the first

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """An answer was given."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def scored(self, scores: Scores) -> None:
        """Customers were placed: by number, or as too early, or as none."""
        for (segment, early), count in Counter(
            zip(scores.segment.tolist(), scores.too_early.tolist(), strict=True)
        ).items():
            name = str(segment) if segment >= 0 else "too_early" if early else "none"
            self._customers.labels(name).inc(count)

    def looked(self, file: str, outcome: str) -> None:
        """A file that changed was taken or refused."""
        self._loads.labels(file, outcome).inc()

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
