"""A trained student as a model that others load, serve and register: MLflow's pyfunc."""
