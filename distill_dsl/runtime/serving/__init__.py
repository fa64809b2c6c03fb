"""A trained student as a model that others load, serve and register: MLflow's pyfunc.

served       all that it has to know, in one document, and the student made ready from it
predicting   questions in, rows out, within bounds: what a server does with strangers' requests
script       what MLflow loads; the one module that it runs
packing      a folder with weights, code, signature, requirements and a page about it
registry     versions and aliases of MLflow's model registry
"""
