"""The waist: all that the compiler and the runtime know of each other.

`vocabulary` names the stages, formats and verdicts; `settings` is what `params.yaml` holds;
`records` are the rows of every file; `files` says where they lie and writes them atomically;
`params` reads settings back; `failure` is how a stage says what is wrong with its input.
"""
