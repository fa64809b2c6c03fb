from __future__ import annotations

import torch
from pupils import student

from distill_dsl.runtime.students.flops import Weights, training_flops, weights_a_token


def linear_weights(part: torch.nn.Module) -> int:
    return sum(module.weight.numel() for module in part.modules() if isinstance(module, torch.nn.Linear))


def norms(part: torch.nn.Module) -> int:
    return sum(weight.numel() for name, weight in part.named_parameters() if "norm" in name)


def test_an_encoder_reads_with_its_own_weights_and_the_rest_writes() -> None:
    model = student("t5").model
    encoder, decoder = model.get_encoder(), model.get_decoder()
    found = weights_a_token(model)
    assert found.read == linear_weights(encoder) + norms(encoder)
    assert found.written == linear_weights(decoder) + norms(decoder) + model.lm_head.weight.numel()


def test_a_tied_output_layer_multiplies_though_embeddings_do_not() -> None:
    model = student("llama").model
    assert model.lm_head.weight is model.get_input_embeddings().weight
    assert weights_a_token(model) == Weights(0, sum(weight.numel() for weight in model.parameters()))


def test_six_operations_a_weight_and_token() -> None:
    assert training_flops(Weights(read=10, written=100), read=3, written=2) == 6 * (10 * 3 + 100 * 2)
