"""Where POP909 and its annotations are looked for, and the mark of tests that need them."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("CANZONA_DATA", Path(__file__).parents[2] / "shared" / "data")).resolve()
POP909, STRUCTURE = DATA / "POP909", DATA / "hierarchical-structure-analysis" / "POP909"

SEGMENTS = DATA / "D3PIA" / "subjective_eval_samples"

needs_segments = pytest.mark.skipif(not SEGMENTS.is_dir(), reason=f"there are no accompaniment segments under {SEGMENTS}")
needs_data = pytest.mark.skipif(
    not (POP909.is_dir() and STRUCTURE.is_dir()),
    reason=f"POP909 and its annotations are not under {DATA}; set CANZONA_DATA",
)
