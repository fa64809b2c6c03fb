"""What `params.yaml` holds: one frozen struct for each block of the language.

The compiler builds these from a spec and writes them; a stage program reads them back. Every field
bears on results: descriptions and places live in `desc` and `meta` of `dvc.yaml`, never here.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from distill_dsl.contract.form import Count, Settings, Share
from distill_dsl.contract.strategies import Strategy
from distill_dsl.contract.vocabulary import TOLERANCE, AnswerKind

# --- data ---------------------------------------------------------------------------------------


class HfSource(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="hf", tag_field="kind"):
    """A data set of the Hugging Face hub (or its local cache), read through `datasets`."""

    name: str
    config: str | None = None
    revision: str | None = None


class FileSource(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="file", tag_field="kind"):
    """Local files (`.jsonl`, `.json`, `.csv`, `.parquet`, each also `.gz` where text), one a split."""

    splits: dict[str, str]
    """Split name -> path from the project's root."""


class SyntheticSource(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="synthetic", tag_field="kind"):
    """Our own word problems; each knows the steps and equations that make it."""

    generator: str = "arithmetic"
    sizes: dict[str, Count] = field(default_factory=dict)
    """Split name -> number of problems."""
    seed: int = 1
    largest: Count = 100
    """No number in a problem, its steps or its answer exceeds this."""
    families: tuple[str, ...] = ()
    """Names of the families to draw from; empty is all."""
    held_out: tuple[str, ...] = ()
    """Families that appear in no split but `test`."""
    steps: tuple[int, int] = (1, 5)
    """Fewest and most steps of a problem, inclusive."""


class ReasoningGymSource(
    Settings, frozen=True, kw_only=True, omit_defaults=True, tag="reasoning_gym", tag_field="kind"
):
    """A task of the `reasoning_gym` package (optional extra)."""

    task: str
    sizes: dict[str, Count] = field(default_factory=dict)
    seed: int = 1
    options: dict[str, bool | int | float | str | tuple[bool | int | float | str, ...]] = field(default_factory=dict)
    """Settings of the task itself, by its own names."""


Source = HfSource | FileSource | SyntheticSource | ReasoningGymSource


def is_local(name: str) -> bool:
    """Whether what may be a name of the hub is a path: of a folder, or of a file of GGUF weights."""
    return name.startswith((".", "/")) or name.endswith(".gguf")


class Columns(Settings, frozen=True, kw_only=True, omit_defaults=True):
    """Which columns of a source hold what; `None` means: known names are tried in order."""

    question: str | None = None
    answer: str | None = None
    rationale: str | None = None
    id: str | None = None


class DataSettings(Settings, frozen=True, kw_only=True, omit_defaults=True):
    """One `data` block."""

    source: Source
    answer_after: str | None = None
    """Marker after which the gold answer stands (GSM8K: `####`); what is before it is the rationale."""
    columns: Columns = Columns()
    joined: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Split -> the source's splits it joins (`test = train + test`)."""
    limit: Count | None = None
    """Only the first so many problems of each split."""
    sizes: dict[str, Count] = field(default_factory=dict)
    """Split -> how many problems it has to have before any limit; another number is no such data."""


# --- teachers -----------------------------------------------------------------------------------


class SolutionTeacher(Settings, frozen=True, kw_only=True, tag="solution", tag_field="kind"):
    """Writes thoughts from a problem's own steps, or from the annotations in its gold rationale."""


class GoldTeacher(Settings, frozen=True, kw_only=True, tag="gold", tag_field="kind"):
    """Writes what the data set itself says: the usual fine-tuning that distillation is compared with."""

    write: str = "rationale"
    """`rationale`: the data set's own worked solution. `answer`: its answer alone, in one sentence."""


class TrainedTeacher(Settings, frozen=True, kw_only=True, tag="trained", tag_field="kind"):
    """A student of this spec, after its training, answers problems: self-training, in rounds."""

    student: str
    mix: str
    seed: int = 1


class RecordedTeacher(Settings, frozen=True, kw_only=True, tag="recorded", tag_field="kind"):
    """Completions somebody already has: one file a thought format, or one file or data set with a kind column."""

    files: dict[str, str] = field(default_factory=dict)
    """Thought name -> path; the key `*` serves every thought (rows are told apart by `kind`)."""
    dataset: str | None = None
    """In place of files: a data set of the Hugging Face hub, of its local cache, or a folder."""
    config: str | None = None
    split: str = "train"
    revision: str | None = None
    """Of the data set."""
    text: str = "text"
    """Column of the completion, or of a list of completions."""
    problem: str = "id"
    """Column with the problem's id; a row without it is matched by its question."""
    question: str = "question"
    """Column with the problem's question."""
    kind_column: str = "kind"
    """Column that says of which thought a row is, by the thought's name or by the kind of its answer."""


class Environment(Settings, frozen=True, kw_only=True):
    """A value that the program which needs it reads from the environment; only its name is written."""

    env: str


class OpenaiTeacher(Settings, frozen=True, kw_only=True, tag="openai", tag_field="kind"):
    """Any OpenAI-compatible server."""

    model: str
    base_url: str | Environment | None = None
    """The server's address; `None` is OpenAI's own."""
    key_env: str = "OPENAI_API_KEY"
    logprobs: bool = False
    """Ask for the log-probability of each token and keep them."""


class TransformersTeacher(Settings, frozen=True, kw_only=True, tag="transformers", tag_field="kind"):
    """A local model: a name of the hub, a folder, or a file of GGUF weights."""

    model: str
    revision: str | None = None
    precision: str = "auto"
    """Of the weights: `float32`, `bfloat16`, or `auto`: the latter where the hardware has it."""
    engine: str = "transformers"
    """`transformers`, or `vllm` (GPU, an extra)."""


WordedTeacher = OpenaiTeacher | TransformersTeacher
"""Those that are asked in words: by a prompt, with exemplars, and each completion is kept."""

TeacherModel = SolutionTeacher | GoldTeacher | TrainedTeacher | RecordedTeacher | WordedTeacher


class Exemplars(Settings, frozen=True, kw_only=True):
    """In-context demonstrations: rows of `question` and one text a thought name."""

    file: str
    pick: Count | None = None
    """How many; `None` is all of `rows`, or 8 where those are not named."""
    by: str = "order"
    """Which of the file's rows: the first ones (`order`), drawn ones, the same for all problems (`random`),
    those most like the problem (`nearest`), or those that cover the file best (`diverse`: k-centre)."""
    rows: tuple[Count, ...] = ()
    """These rows of the file alone, counted from 1, before `by` picks among them."""
    seed: int = 1
    """For `random`, and for where `diverse` starts."""


class TeacherSettings(Settings, frozen=True, kw_only=True):
    """One `teacher` block."""

    model: TeacherModel
    temperature: Annotated[float, Meta(ge=0.0)] = 0.0
    top_p: Share | None = None
    """Draw from the likeliest tokens that together have this probability; `None` is the server's default."""
    samples: Count = 1
    max_tokens: Count = 512
    stop: tuple[str, ...] = ()
    """Texts at which a completion ends, themselves left out."""
    seed: int = 1
    system: str | None = None
    """The system message before the prompt."""
    exemplars: Exemplars | None = None


class PerMillion(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="per_million", tag_field="kind"):
    """What a server charges, in US dollars for a million tokens."""

    input: Annotated[float, Meta(ge=0.0)]
    output: Annotated[float, Meta(ge=0.0)]
    cached: Annotated[float, Meta(ge=0.0)] | None = None
    """Of input that the server has cached; `None` is the price of input."""


class FreePrice(Settings, frozen=True, kw_only=True, tag="free", tag_field="kind"):
    """Nobody is charged: a server of one's own."""


Price = PerMillion | FreePrice


class SpendingSettings(Settings, frozen=True, kw_only=True):
    """What asking a teacher may cost. No stage depends on it: it changes when asking stops, never what is answered."""

    budget_dollars: Annotated[float, Meta(gt=0.0)] | None = None
    budget_tokens: Count | None = None
    """Of input and output together."""
    price: Price | None = None
    """`None`: what is known of the model's price, which may be nothing."""


# --- thoughts, mixes, students ------------------------------------------------------------------


class ThoughtSettings(Settings, frozen=True, kw_only=True):
    """One `thought` block: a format, its cue and how it is executed."""

    answer: AnswerKind
    cue: str
    prompt: str
    """Path of the jinja2 template with which a teacher is asked."""
    tolerance: Annotated[float, Meta(ge=0.0)] = TOLERANCE
    """Largest difference from gold, absolute if gold is whole, else also relative to it."""
    steps: str = "any"
    """Of a thought in prose: `right` takes none for right in which a written calculation does not hold."""
    timeout: Annotated[float, Meta(gt=0.0)] = 5.0
    """Seconds of processor time for one thought."""
    memory: Count = 512 * 1024 * 1024
    """Bytes of address space for one program, above what the interpreter itself takes."""


class MixSettings(Settings, frozen=True, kw_only=True):
    """One `mix` block: which verified thoughts make a training set."""

    thoughts: dict[str, Annotated[float, Meta(gt=0.0)]]
    """Thought name -> weight: 2 repeats each example, 0.5 keeps a seeded half."""
    teachers: dict[str, Annotated[float, Meta(gt=0.0)]] = field(default_factory=dict)
    """Teacher -> weight, which multiplies that of the format; 1 where none is given."""
    per_problem: Count = 4
    """Most distinct thoughts of one format by one teacher for one problem."""
    deduplicate: bool = True
    dev: Share = 0.05
    """Share of the problems held out for the dev loss."""
    seed: int = 1
    limit: Count | None = None
    """Only the first so many problems (a data-size study)."""
    near: Share = 0.9
    """How alike two questions with the same numbers are (Jaccard index of their words) to count as one problem,
    where a mix leaves out the problems of other splits."""


class HfBase(Settings, frozen=True, kw_only=True, tag="hf", tag_field="kind"):
    """A pre-trained model: a hub name or a folder."""

    name: str
    revision: str | None = None


class ScratchBase(Settings, frozen=True, kw_only=True, tag="scratch", tag_field="kind"):
    """A small untrained model with a tokenizer trained on the mix."""

    architecture: str = "t5"
    """`t5` (encoder-decoder) or `llama` (causal)."""
    width: Count = 96
    layers: Count = 2
    heads: Count = 4
    vocabulary: Count = 2000
    digits: str = "split"
    """`split`: one token a digit. `whole`: one token for each number seen in training."""


class TrainedBase(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="trained", tag_field="kind"):
    """Another student of this spec, after its training with the same seed."""

    student: str
    mix: str | None = None
    """What that student was trained on; `None` is the mix of this training."""


StudentBase = HfBase | ScratchBase | TrainedBase


class Lora(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="lora", tag_field="kind"):
    """Low-rank adapters (arXiv 2106.09685), merged into the weights when training ends."""

    rank: Count = 8
    alpha: Annotated[float, Meta(gt=0.0)] = 16.0
    """The update is scaled by `alpha / rank`."""
    dropout: Share = 0.0
    targets: tuple[str, ...] = ()
    """Names of the layers to adapt; empty is every linear layer but the output's."""


class Weighted(Settings, frozen=True, kw_only=True, tag="weighted", tag_field="kind"):
    """Fine-tuning in which each format's loss has a weight: multi-task learning."""

    thoughts: dict[str, Annotated[float, Meta(gt=0.0)]]
    """Thought name -> weight of its tokens' loss; 1 where none is given."""


class Preference(Settings, frozen=True, kw_only=True, tag="preference", tag_field="kind"):
    """Direct preference optimisation (arXiv 2305.18290) of a mix's right thoughts over its wrong ones."""

    beta: Annotated[float, Meta(gt=0.0)] = 0.1
    """How closely the student is held to where it starts."""
    supervised: Annotated[float, Meta(ge=0.0)] = 0.0
    """Weight of the plain loss on the right thought beside it (arXiv 2404.19733)."""


class Verifier(Settings, frozen=True, kw_only=True, tag="verifier", tag_field="kind"):
    """Learns to tell a mix's right thoughts from its wrong ones (arXiv 2110.14168); it writes none."""


Objective = Weighted | Preference | Verifier


class StudentSettings(Settings, frozen=True, kw_only=True):
    """One `student` block: a base model and how it is fine-tuned."""

    base: StudentBase
    epochs: Annotated[float, Meta(gt=0.0)] = 10.0
    steps: Count | None = None
    """Optimizer steps; given, it takes the place of `epochs`."""
    learning_rate: Annotated[float, Meta(gt=0.0)] = 5e-4
    schedule: str = "linear"
    warmup: Share = 0.0
    """Share of the steps over which the learning rate rises."""
    weight_decay: Annotated[float, Meta(ge=0.0)] = 0.0
    dropout: Share | None = None
    label_smoothing: Share = 0.0
    batch: Count = 32
    accumulate: Count = 1
    objective: Objective | None = None
    """What is learned from the mix; `None` is fine-tuning on its thoughts."""
    adapter: Lora | None = None
    """Train low-rank adapters in place of all weights."""
    precision: str = "auto"
    """Of the arithmetic: `float32`, `bfloat16`, or `auto`: the latter where the hardware has it."""
    pack: bool = False
    """Of causal students: fill each row of a batch with several examples, which do not see each other."""
    checkpointing: bool = False
    """Compute activations again when going back, to save memory."""
    compile: bool = False
    """Translate the model by `torch.compile` first."""
    max_question: Count = 256
    """Longest input in tokens; longer ones are cut and counted."""
    max_thought: Count = 256
    """Longest target in tokens; longer ones are left out of training and counted."""
    evaluations: Count = 10
    """How often in the whole training the dev loss is measured."""
    dev_problems: Annotated[int, Meta(ge=0)] = 32
    """Problems of dev, the first ones, that are solved at each evaluation: the curve of dev accuracy."""


# --- experiments --------------------------------------------------------------------------------


class Published(Settings, frozen=True, kw_only=True):
    """Figures of a paper, printed beside the measured ones."""

    source: str
    cells: dict[str, float]
    """`<student>.<mix>.<data>` -> accuracy in percent."""


class ExperimentSettings(Settings, frozen=True, kw_only=True):
    """One `experiment` block: what is compared, and how the students are decoded."""

    answers: tuple[Strategy, ...]
    samples: Count = 1
    """Thoughts a format: the first is greedy, the others are drawn at `temperature`."""
    temperature: Annotated[float, Meta(ge=0.0)] = 0.7
    max_tokens: Count = 256
    """Most new tokens of a student's thought."""
    decode_batch: Count = 64
    engine: str = "auto"
    """What runs the student: `transformers`, `ctranslate2` (CPU), `vllm` (GPU), or the one that fits."""
    headline: str | None = None
    """Strategy key that the table shows; without it, the last answer that is not an oracle."""
    published: Published | None = None
