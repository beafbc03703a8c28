"""How long dbt was in its models, read from its log in JSON (DBT_LOG_FORMAT_FILE=json)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ModelTimes:
    """When the first model started and the last one ended (seconds of the epoch); of the seconds between, those in
    which a model was under way (`busy`: between models there are tests); and the seconds of each model."""

    started: float
    ended: float
    busy: float
    models: dict[str, float]

    @property
    def clock(self) -> float:
        """Seconds from the first model's start to the last one's end."""
        return self.ended - self.started

    @property
    def total(self) -> float:
        """The sum of the models' seconds; of models that run side by side each counts."""
        return sum(self.models.values())


def read(log: Path) -> ModelTimes:
    """The times of the first invocation in the log that ran models: later ones only record the run.

    Raises ValueError if no model was run.
    """
    finished = [event for event in _events(log) if event["info"]["name"] == "LogModelResult"]
    if not finished:
        raise ValueError(f"{log} tells of no model.")
    first = finished[0]["info"]["invocation_id"]
    nodes = [event["data"]["node_info"] for event in finished if event["info"]["invocation_id"] == first]
    spans = {
        node["node_name"]: (_seconds(node["node_started_at"]), _seconds(node["node_finished_at"])) for node in nodes
    }
    return ModelTimes(
        started=min(start for start, _ in spans.values()),
        ended=max(end for _, end in spans.values()),
        busy=_covered(spans.values()),
        models={name: end - start for name, (start, end) in spans.items()},
    )


def _events(log: Path) -> list[dict[str, Any]]:
    with log.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.startswith("{")]


def _seconds(moment: str) -> float:
    read = datetime.fromisoformat(moment)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    covered, reached = 0.0, 0.0
    for start, end in sorted(spans):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered
