"""What an experiment is called in MLflow."""

from __future__ import annotations

from pathlib import Path

from distill_dsl.runtime.tracking.pipeline import Pipeline


def tracked_name(experiment: str, pipeline: Pipeline) -> str:
    """`<spec>.<experiment>`, so that specs that share a store stay apart; one name where both are equal."""
    specs = pipeline.options("spec").get("specs") if "spec" in pipeline.stages else None
    spec = Path(specs[0]).stem if specs else experiment
    return experiment if spec == experiment else f"{spec}.{experiment}"
