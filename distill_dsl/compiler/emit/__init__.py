"""The plan as files: `dvc.yaml`, which DVC runs, and `params.yaml`, which holds every setting."""
