"""From a short `.mtd` spec to compared, reproducible distillation runs.

    specs/x.mtd -> syntax tree -> typed model -> plan (stages) -> dvc.yaml + params.yaml    compiler
                          what both acts know of each other                                 contract
    dvc repro -> stage programs -> records, models, metrics, plots -> MLflow                runtime

Start reading at `compiler/__init__.py` (`compile_spec`, act one on one screen), then
`runtime/stages/`, one program a stage kind (act two). The method is that of "Distilling
Mathematical Reasoning Capabilities into Small Language Models" (arXiv 2401.11864).
"""
