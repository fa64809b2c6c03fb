"""The order of the walk: kind after kind, and where a trained student teaches, round after round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from distill_dsl.compiler.plan.stages import AskStage, Stage, TrainStage
from distill_dsl.compiler.plan.wiring import Blocks, wire
from distill_dsl.contract.vocabulary import StageKind

ORDER: Final = {kind: place for place, kind in enumerate(StageKind)}


def walked(stages: Mapping[str, Stage], blocks: Blocks) -> list[Stage]:
    """The stages in an order in which each comes after all that it reads from.

    A stage that waits for one of the same or of a later kind begins a new round; without any such,
    all stages are of one round.
    """
    rounds = _rounds(stages, blocks) if any(map(_returns, stages.values())) else {}
    named = sorted(stages.items(), key=lambda item: (rounds.get(item[0], 0), ORDER[item[1].kind]))
    return [stage for _, stage in named]


def _returns(stage: Stage) -> bool:
    """Whether the walk goes back to an earlier kind for this stage."""
    match stage:
        case AskStage(trained=TrainStage()) | TrainStage(base=TrainStage()):
            return True
    return False


def _rounds(stages: Mapping[str, Stage], blocks: Blocks) -> dict[str, int]:
    wirings = {name: wire(stage, blocks) for name, stage in stages.items()}
    owner = {path: name for name, one in wirings.items() for path in (*one.outs, *one.kept, *one.metrics)}
    rounds: dict[str, int] = {}

    def found(name: str) -> int:
        if name not in rounds:
            own = ORDER[stages[name].kind]
            before = [owner[path] for path in wirings[name].deps if path in owner]
            rounds[name] = max((found(one) + (ORDER[stages[one].kind] >= own) for one in before), default=0)
        return rounds[name]

    for name in stages:
        found(name)
    return rounds
