"""The denoising diffusion model: tensors only, no music."""

from canzona.model.conditioning import Conditions
from canzona.model.config import ModelConfig
from canzona.model.denoiser import Denoiser, Guidance
from canzona.model.diffusion import NoiseSchedule
from canzona.model.samplers import dpm_solver_2m
from canzona.model.unet import UNet

__all__ = ["Conditions", "Denoiser", "Guidance", "ModelConfig", "NoiseSchedule", "UNet", "dpm_solver_2m"]
