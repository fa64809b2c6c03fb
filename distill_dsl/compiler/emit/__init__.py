"""The plan as files: `dvc.yaml`, which DVC runs, and `params.yaml`, which holds every setting."""

from __future__ import annotations

from typing import Final

HEADER: Final = "# Written by `mtd compile {spec}`: edit the spec, not this file.\n"
HEADER_START: Final = "# Written by `mtd compile"
"""By this, what was written here is told from what people wrote."""
