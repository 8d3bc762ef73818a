"""Runs the sensors, each for itself: times it, survives its failure, says how it went."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from agent.samples import Family, Kind, Sample, SampleSet
from agent.sensors.sensor import Sensor
from agent.workers import run_once

logger = logging.getLogger(__name__)

SENSOR_SECONDS = 5.0
"""A sensor that hangs for longer (a dead disk) has failed; it is not asked again before it comes back."""

FAMILIES = (
    Family("thongsuot_agent_sensor_success", Kind.GAUGE, "Whether the sensor could be read."),
    Family("thongsuot_agent_sensor_duration_seconds", Kind.GAUGE, "How long reading the sensor took."),
)


class Sampling:
    def __init__(self, sensors: Mapping[str, Sensor[Any]], sensor_seconds: float = SENSOR_SECONDS) -> None:
        self._sensors = sensors
        self._sensor_seconds = sensor_seconds
        self._hanging: dict[str, asyncio.Task[Any]] = {}
        self._failed: set[str] = set()

    async def collect(self) -> SampleSet:
        unix = time.time()
        async with asyncio.TaskGroup() as tasks:
            runs = [
                tasks.create_task(self._read(name, sensor), name=f"sensor {name}")
                for name, sensor in self._sensors.items()
            ]
        return SampleSet(unix, tuple(sample for run in runs for sample in run.result()))

    async def _read(self, name: str, sensor: Sensor[Any]) -> list[Sample]:
        label = (("sensor", name),)
        begin = time.perf_counter()
        samples: list[Sample] = []
        try:
            reading = await self._ask(name, sensor)
            samples = sensor.parse(reading)
        except Exception as error:  # noqa: BLE001 - the one runner of sensors: none stops another
            self._report_failure(name, error)
            success = 0
        else:
            success = 1
            if name in self._failed:
                self._failed.discard(name)
                logger.info("sensor %s works again", name)
        return [
            *samples,
            Sample("thongsuot_agent_sensor_success", success, label),
            Sample("thongsuot_agent_sensor_duration_seconds", time.perf_counter() - begin, label),
        ]

    async def _ask(self, name: str, sensor: Sensor[Any]) -> Any:
        before = self._hanging.get(name)
        if before is not None and not before.done():
            raise TimeoutError("still hanging since it was asked last")
        self._hanging.pop(name, None)
        task = asyncio.create_task(run_once(f"sensor {name}", sensor.read), name=f"reading {name}")
        done, _ = await asyncio.wait({task}, timeout=self._sensor_seconds)
        if not done:
            self._hanging[name] = task
            raise TimeoutError(f"no answer within {self._sensor_seconds:g} s")
        return task.result()

    def _report_failure(self, name: str, error: Exception) -> None:
        # Once per failure, not once per interval.
        if name not in self._failed:
            self._failed.add(name)
            logger.warning("sensor %s cannot be read: %s", name, error, exc_info=error)
