"""What MLflow loads ("model from code"): this file is copied beside the weights, and run by whoever loads the model.

Nothing imports it. It turns tables into questions and failures into statuses; the rest is in `predicting`.
"""

import os
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.serving.predicting import COLUMNS, Bounds, Refused, rows
from distill_dsl.runtime.serving.served import decoded, ready

SERVER_SECONDS = "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT"
"""How long `mlflow models serve` waits for an answer, as it tells what it starts."""

SHARE = 0.8
"""Of that time, what is used for asking: the rest is for reading, writing, and ending what runs."""

MOST = 1000
"""Questions that a server takes at once."""


class Student(PythonModel):
    """A trained student that answers."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the weights, and prove that programs can be walled in."""
        folder = {name: Path(place) for name, place in context.artifacts.items()}
        served = decoded(folder["served"])
        self.pupil = ready(served, folder["student"], lambda name: folder[f"verifier-{name}"])
        self.bounds = _bounds(context.model_config or {})
        self.lock = Lock()

    def predict(self, context: PythonModelContext, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """A row for each question of the column `question`."""
        # Several requests at once would only take each other's processors and memory.
        if not self.lock.acquire(timeout=-1 if self.bounds.seconds is None else self.bounds.seconds):
            raise MlflowException("the student is busy; ask again later", error_code=TEMPORARILY_UNAVAILABLE)
        try:
            found = rows(self.pupil, _asked(model_input), self.bounds)
        except Refused as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from None
        except Failure as failure:
            raise MlflowException(str(failure), error_code=INTERNAL_ERROR) from None
        finally:
            self.lock.release()
        return pd.DataFrame(found, columns=list(COLUMNS), dtype=object)


def _asked(table: pd.DataFrame) -> list[Any]:
    """What stands in the column `question`; `None` where nothing does, which pandas has several words for."""
    column = table["question"].astype(object)
    asked = column.where(column.notna(), None).tolist()
    # MLflow makes one row of `{"question": [...]}`, with the list in its one cell.
    return asked[0] if len(asked) == 1 and isinstance(asked[0], list) else asked


def _bounds(config: dict[str, Any]) -> Bounds:
    """Those of the model's configuration; without any, a server's requests are bounded by its own patience."""
    served = os.environ.get(SERVER_SECONDS)
    if served is None:
        return Bounds(config.get("questions"), config.get("seconds"))
    return Bounds(config.get("questions") or MOST, config.get("seconds") or SHARE * float(served))


set_model(Student())
