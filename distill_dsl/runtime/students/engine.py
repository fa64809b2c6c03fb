"""transformers' Trainer with batches, loss and evaluation of our own; all else (optimizer, schedule,
checkpoints, resuming, several processes) is its.

Ours because: the order of the batches is fixed beforehand and its parts are shared out evenly among
processes; a step's loss is the mean over all its tokens, however they are spread over batches and
processes; only positions that bear a loss are computed to the end; and the dev loss is a mean over
tokens too, not over batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Generic

import torch
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from distill_dsl.runtime.students.lessons import Batch, Lesson, R

Plan = Sequence[Sequence[int]]
"""Batch after batch, the rows that it holds."""


class Engine(Trainer, Generic[R]):
    """One training: a model, its rows, which of them make which batch, and what is learned from one."""

    def __init__(
        self,
        model: torch.nn.Module,
        args: TrainingArguments,
        watch: TrainerCallback,
        *,
        lesson: Lesson[R],
        train_set: Sequence[R],
        train_plan: Plan,
        dev_set: Sequence[R],
        dev_plan: Plan,
    ) -> None:
        given: Any = dev_set or None
        super().__init__(model=model, args=args, callbacks=[watch], eval_dataset=given)
        self.remove_callback(PrinterCallback)
        self.lesson = lesson
        self.train_set = train_set
        self.train_plan = train_plan
        self.dev_set = dev_set
        self.dev_plan = dev_plan
        # `compute_loss` divides by all tokens of the step, so that nothing is left to be scaled.
        self.loss_is_scaled_for_ga = True

    def get_train_dataloader(self) -> DataLoader[R]:
        """The batches of this process, in order: every process takes each n-th row of every batch."""
        return self._loader(self.train_set, self._share(self.train_plan))

    def _share(self, plan: Plan) -> list[Sequence[int]]:
        return [batch[self.args.process_index :: self.args.world_size] for batch in plan]

    def _loader(self, rows: Sequence[R], plan: Plan) -> DataLoader[R]:
        return DataLoader(
            rows,  # type: ignore[arg-type]  # whatever has a length and gives rows by number
            batch_sampler=plan,  # type: ignore[arg-type]
            collate_fn=self.lesson.collate,
            pin_memory=torch.cuda.is_available(),
        )

    def get_batch_samples(
        self, epoch_iterator: Iterator[Batch], num_batches: int, device: torch.device
    ) -> tuple[list[Batch], torch.Tensor | int | None]:
        """The batches of one optimizer step, and how many units bear a loss in them, over all processes."""
        batches = [next(epoch_iterator) for _ in range(num_batches)]
        units = sum((self.lesson.units(batch).to(device) for batch in batches), torch.tensor(0, device=device))
        if self.args.world_size > 1:
            units = self.accelerator.reduce(units, "sum")
        return batches, units

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """This batch's part of the step's mean loss, a scalar."""
        assert num_items_in_batch is not None, "only training asks here, and counts first"
        loss = self.lesson.loss(model, inputs) / num_items_in_batch
        # Gradients are averaged over processes, where ours are parts of one sum.
        return loss * self.args.world_size

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """The mean dev loss over all units."""
        sums = torch.zeros(2, dtype=torch.float64, device=self.args.device)
        # A model in shards computes only when all processes do, so that there each evaluates all rows.
        shared = self.args.world_size > 1 and not self.is_fsdp_enabled
        model: Any = self.model_wrapped if self.is_fsdp_enabled else self.model
        model.train(False)
        plan = [batch for batch in self._share(self.dev_plan) if batch] if shared else self.dev_plan
        with torch.no_grad():
            for rows in self._loader(self.dev_set, plan):
                batch = self._prepare_inputs(rows)
                sums += torch.stack([self.lesson.dev_loss(model, batch).double(), self.lesson.units(batch).to(sums)])
        if shared:
            sums = self.accelerator.reduce(sums, "sum")
        metrics = {"eval_loss": (sums[0] / sums[1]).item()}
        self.log(metrics)
        return metrics

    def floating_point_ops(self, inputs: Batch) -> int:
        """Not counted here: estimated once, from the plan."""
        return 0

    def full_weights(self) -> dict[str, torch.Tensor] | None:
        """All weights on the first process where they lie in shards; None where the model has them itself."""
        if not self.is_fsdp_enabled:
            return None
        weights: dict[str, torch.Tensor] = self.accelerator.get_state_dict(self.model_wrapped)
        return weights

    def plain(self, model: torch.nn.Module) -> None:
        """Take off the model what its training put around it (autocasting)."""
        self.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
