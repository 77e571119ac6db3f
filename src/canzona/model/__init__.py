"""The denoising diffusion model: tensors only, no music."""

from canzona.model.conditioning import Conditions
from canzona.model.config import ModelConfig
from canzona.model.denoiser import Denoiser, Guidance, WindowDenoiser
from canzona.model.diffusion import NoiseSchedule
from canzona.model.network import FrameTransformer
from canzona.model.samplers import dpm_solver_2m

__all__ = [
    "Conditions",
    "Denoiser",
    "FrameTransformer",
    "Guidance",
    "ModelConfig",
    "NoiseSchedule",
    "WindowDenoiser",
    "dpm_solver_2m",
]
