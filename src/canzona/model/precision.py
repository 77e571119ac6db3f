"""In which number format a device computes fastest.

Processors without instructions for bfloat16 compute it some forty times slower than single precision.
"""

from functools import cache
from pathlib import Path

import torch

FAST_BFLOAT16_FLAGS = ("amx_bf16", "avx512_bf16")


@cache
def fast_dtype(device: str) -> torch.dtype:
    """bfloat16 on a GPU, and on a processor with instructions for it; single precision elsewhere."""
    if device != "cpu":
        return torch.bfloat16
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return torch.float32
    return torch.bfloat16 if any(flag in flags for flag in FAST_BFLOAT16_FLAGS) else torch.float32


def fast_autocast(device: torch.device) -> torch.autocast:
    """A block in which matrices are multiplied as ``fast_dtype`` says."""
    return torch.autocast(device.type, torch.bfloat16, enabled=fast_dtype(device.type) is torch.bfloat16)
