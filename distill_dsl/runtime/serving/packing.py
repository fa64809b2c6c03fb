"""A folder that MLflow loads anywhere: weights, code, signature, example, requirements, and a page about it.

Our own code goes into the folder, so that it answers by the code that it was tested with, installed or not;
all else it needs is pinned to the versions that are installed here.
"""

from __future__ import annotations

import hashlib
import shutil
import warnings
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import distill_dsl
from distill_dsl.contract import files
from distill_dsl.runtime.serving.page import page
from distill_dsl.runtime.serving.served import Served, described, encoded, engine_of
from distill_dsl.runtime.solving.asking import Pupil
from distill_dsl.runtime.students.card import EXAMPLE

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

PACKAGES: Final = (
    "mlflow",
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "accelerate",
    "filelock",
    "huggingface-hub",
    "jinja2",
    "msgspec",
    "numpy",
    "pandas",
    "psutil",
    "rich",
    "ruamel.yaml",
    "scipy",
    "sympy",
)
"""What a student's answers are made with; a test compares this with what is imported."""

OURS: Final = ("contract", "runtime")
"""The parts of this package that go into a model: it compiles no specs."""

ANSWERING: Final = (
    "contract",
    *(f"runtime/{part}" for part in ("sandbox", "thoughts", "students", "strategies", "solving")),
    *(f"runtime/serving/{part}.py" for part in ("served", "predicting", "script")),
)
"""Those that bear on answers."""

BOUNDS: Final = {"questions": None, "seconds": None}
"""What who loads a model may set; see `predicting.Bounds`."""

SCRIPT: Final = Path(__file__).with_name("script.py")
PAGE: Final = "README.md"
DOCUMENT: Final = "served.json"


def packed(pupil: Pupil, to: Path, about: dict[str, str]) -> None:
    """Write an MLflow model of a student into the folder `to`, which is made. `about` is told on its page."""
    # Imported here, as below, because MLflow takes seconds, and loading a student needs none of this.
    import pandas as pd
    from mlflow import pyfunc

    served = described(pupil)
    example = pd.DataFrame({"question": examples(pupil)})
    with TemporaryDirectory(prefix="mtd-packing-") as place:
        document = Path(place) / DOCUMENT
        document.write_bytes(encoded(served))
        with warnings.catch_warnings():
            # It warns of what it does not know of models from code, such as types of `predict`.
            warnings.simplefilter("ignore")
            pyfunc.save_model(
                str(to),
                python_model=str(SCRIPT),
                artifacts={"served": str(document), **{name: str(path) for name, path in weights(pupil).items()}},
                code_paths=[str(own_code(Path(place)))],
                signature=signature(),
                input_example=example,
                pip_requirements=requirements(served, pupil),
                metadata=about,
                model_config=BOUNDS,
            )
    _without_places(to)
    files.write_text(to / PAGE, page(pupil, about))


def _without_places(folder: Path) -> None:
    """Take out of the model's own description where its parts came from on this machine: nobody needs it."""
    from mlflow.models import Model

    place = str(folder / "MLmodel")
    model = Model.load(place)
    flavor = model.flavors["python_function"]
    flavor["model_code_path"] = SCRIPT.name
    for part in flavor["artifacts"].values():
        part["uri"] = part["path"]
    model.save(place)


def weights(pupil: Pupil) -> dict[str, Path]:
    """The folders of weights by the names under which the model has them."""
    found = {"student": files.model_folder(pupil.run.run.trained)}
    return found | {f"verifier-{name}": pupil.knowledge.folders[name] for name in pupil.knowledge.judges}


def own_code(place: Path) -> Path:
    """A copy of those parts of this package that a student needs, without what Python makes of them."""
    root = Path(distill_dsl.__file__).parent
    copy = place / root.name
    copy.mkdir()
    shutil.copy(root / "__init__.py", copy)
    for part in OURS:
        shutil.copytree(root / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    return copy


def code_digest() -> str:
    """Of the code that bears on answers: what else is in a model may change, and it answers as before."""
    root = Path(distill_dsl.__file__).parent
    places = [root / part for part in ANSWERING]
    paths = sorted(path for place in places for path in ([place] if place.is_file() else place.rglob("*.py")))
    return _digest(part for path in paths for part in (path.relative_to(root).as_posix().encode(), path.read_bytes()))


def digest(pupil: Pupil) -> str:
    """Of all that bears on the answers: two models of one digest answer alike."""
    parts = [encoded(described(pupil)), code_digest().encode()]
    for name, folder in sorted(weights(pupil).items()):
        # A page about the weights is no part of them.
        paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name != PAGE)
        parts += [name.encode(), files.digest_of(b"", paths).encode()]
    return _digest(parts)


def _digest(parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()[:24]


def requirements(served: Served, pupil: Pupil) -> list[str]:
    """Every package that answers are made with, pinned to the version that is installed here."""
    engine = engine_of(served, pupil.student)
    extra = () if engine in PACKAGES else (engine,)
    # A build for one kind of hardware (`2.8.0+cpu`) is in no index.
    return [f"{name}=={version(name).partition('+')[0]}" for name in (*PACKAGES, *extra)]


def examples(pupil: Pupil) -> list[str]:
    """A question or two of the kind that the student was trained on."""
    path = files.mix_file(pupil.run.run.mix, "held_out")
    if not path.is_file():
        return [EXAMPLE]
    from distill_dsl.contract.records import Problem

    found = [problem.question for problem, _ in zip(files.read_rows(path, Problem), range(2), strict=False)]
    return found or [EXAMPLE]


def signature() -> ModelSignature:
    """One text in; answer, format, confidence, why and thoughts out."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Array, ColSpec, DataType, Object, Property, Schema, TensorSpec

    def some(name: str, kind: DataType, required: bool = False) -> Any:
        return Property(name, kind, required=required)

    text, whole, number = DataType.string, DataType.long, DataType.double
    thought = Object(
        [
            some("format", text, required=True),
            some("sample", whole, required=True),
            some("text", text, required=True),
            some("answer", text),
            some("verdict", text, required=True),
            some("detail", text, required=True),
            some("tokens", whole, required=True),
            some("logprob", number, required=True),
            some("confidence", number),
        ]
    )
    outputs: list[ColSpec | TensorSpec] = [
        ColSpec(text, "answer", required=False),
        ColSpec(text, "format", required=False),
        ColSpec(number, "confidence", required=False),
        ColSpec(text, "why"),
        ColSpec(Array(thought), "thoughts"),
    ]
    return ModelSignature(Schema([ColSpec(text, "question")]), Schema(outputs))
