"""A network made into a denoiser: scaled, guided and told what is known."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from canzona.model.conditioning import DROPPABLE, Conditions
from canzona.model.config import ModelConfig
from canzona.model.diffusion import input_scale, noise_label
from canzona.model.network import FrameTransformer
from canzona.model.states import expected_points, join, likelihood_logits, split_logits, split_points

LARGEST_WEIGHT = 10


@dataclass(frozen=True)
class Guidance:
    """How strongly each condition pulls: 0 ignores it, 1 is the model's own belief, more exaggerates it.

    Classifier-free guidance (Ho & Salimans 2022), one weight a condition, in log-odds: with ℓ a state's log-odds under all
    conditions and ℓ₋ᵢ those without condition i, the guided ones are ℓ + Σᵢ (wᵢ − 1)(ℓ − ℓ₋ᵢ). A weight of 1 costs nothing;
    every other costs one more pass through the network. A weight may differ in time: a tensor (batch, frames). ``sharpness``
    multiplies what comes of it: above 1, what is unlikely becomes more so, as at a lower temperature.
    """

    background: float | Tensor = 1.0  # coarser levels
    reference: float | Tensor = 1.0  # the same bar of an earlier phrase
    external: float | Tensor = 1.0  # external codes
    sharpness: float = 1.0  # of all beliefs

    def __post_init__(self) -> None:
        for entry in fields(self):
            weight = torch.as_tensor(getattr(self, entry.name))
            if not bool(((weight >= 0) & (weight <= LARGEST_WEIGHT)).all()):
                given = f"{weight.min():g}" if weight.min() < 0 else f"{weight.max():g}"
                raise ValueError(f"guidance on {entry.name}: must be 0 to {LARGEST_WEIGHT}, got {given}")

    def factors(self, conditions: Conditions) -> dict[str, Tensor]:
        """Condition → (batch, frames, 1) factors w − 1, for those that change anything; what is absent has nothing to say."""
        shape = (*conditions.known.shape[:2], 1)
        factors = {
            name: torch.as_tensor(getattr(self, name), device=conditions.known.device).float().reshape(-1, shape[1], 1) - 1
            if isinstance(getattr(self, name), Tensor)
            else torch.full(shape, float(getattr(self, name)) - 1, device=conditions.known.device)
            for name in DROPPABLE
        }
        factors["reference"] = factors["reference"] * conditions.reference_mask
        if conditions.external is None:
            del factors["external"]
        return {name: factor for name, factor in factors.items() if bool((factor != 0).any())}


@dataclass(frozen=True)
class Told:
    """All that is known of a batch of windows, whatever the noise level, as the network takes it: made once a window.

    Attributes:
        features: (batch, frames, width), what the network reads of the conditions.
        unknown: (batch, frames, points), 1 where a point is to be composed, else 0.
        known: the same of clean points, 0 where they are not known.
        pace: (batch, frames, log-odds), what the tempo says by itself; 0 where it is not told.
    """

    features: Tensor
    unknown: Tensor
    known: Tensor
    pace: Tensor


class Denoiser(nn.Module):
    """The network with the exact likelihood of noisy points: log-odds of states, and from these the clean estimate."""

    def __init__(self, network: FrameTransformer) -> None:
        super().__init__()
        self.network = network

    @property
    def config(self) -> ModelConfig:
        return self.network.config

    def told(self, conditions: Conditions, clean: Tensor | None = None) -> Told:
        """What is known of these windows.

        Args:
            conditions: of the windows.
            clean: (batch, frames, points) clean points, right wherever they are known; ``None`` to tell of none.
        """
        features = self.network.conditions(conditions)
        sizes = torch.tensor([shape.point_size for shape in self.config.voices], device=features.device)
        unknown = 1 - conditions.known_mask.float().repeat_interleave(sizes, dim=-1, output_size=self.config.point_size)
        known = torch.zeros_like(unknown) if clean is None else clean * (1 - unknown)
        pace = self.network.pace
        leaning = features.new_zeros(len(features), 1, 1) if pace is None else pace(conditions)
        return Told(features, unknown, known.to(features.dtype), leaning.float())

    def logits(self, x: Tensor, estimate: Tensor, sigma: Tensor, told: Told) -> list[Tensor]:
        """Log-odds of every voice's states, likelihood included, unguided: ``beliefs`` and ``evidence`` together.

        Args and result as of ``beliefs``.
        """
        believed = self.beliefs(x, estimate, sigma, told)
        return [own + heard for own, heard in zip(believed, self.evidence(x, sigma), strict=True)]

    def evidence(self, x: Tensor, sigma: Tensor) -> list[Tensor]:
        """What noisy points say by themselves: for every part, (batch, frames, voices, states)."""
        noisy = split_points(x, self.config.voices)
        return [likelihood_logits(own, table.float(), sigma) for own, table in zip(noisy, self.network.points, strict=True)]

    def beliefs(self, x: Tensor, estimate: Tensor, sigma: Tensor, told: Told) -> list[Tensor]:
        """Log-odds of every voice's states given everything but its own noisy point.

        Args:
            x: (batch, frames, points) noisy points, single precision.
            estimate: the same of the last clean estimate; zeros for none.
            sigma: (batch,) noise levels.
            told: what is known.

        Returns:
            For every part, (batch, frames, voices, states).
        """
        dtype = told.features.dtype
        scaled = (x * input_scale(sigma[:, None, None]) * told.unknown).to(dtype)
        estimate = (estimate * told.unknown).to(dtype)
        output = self.network(scaled, estimate, noise_label(sigma), told.features, told.known).float()
        return split_logits(output + told.pace, self.config.voices)

    def estimate(self, logits: Sequence[Tensor]) -> Tensor:
        """(batch, frames, points): the expected clean points."""
        return join([expected_points(own, table.float()) for own, table in zip(logits, self.network.points, strict=True)])

    def draw(self, states: Sequence[Tensor]) -> Tensor:
        """(batch, frames, points): the clean points of states, for every part (batch, frames, voices)."""
        return join([table.float()[own] for own, table in zip(states, self.network.points, strict=True)])


class WindowDenoiser:
    """``denoise(x, sigma) → clean estimate`` of a batch of windows under guidance: the contract between models and samplers.

    It keeps the last estimate, which the network sees in the next step (Chen, Zhang & Hinton, *Analog Bits*, 2023).
    """

    def __init__(
        self,
        denoiser: Denoiser,
        conditions: Conditions,
        guidance: Guidance,
        evidence: Sequence[Tensor | None] | None = None,
        states: Sequence[Tensor] | None = None,
    ) -> None:
        """Read the conditions.

        Args:
            denoiser: the model.
            conditions: of the network's floating-point type.
            guidance: weights of the conditions.
            evidence: for every part, log-odds that something else than the network gives its states, broadcastable to
                (batch, frames, voices, states), or ``None``.
            states: for every part, (batch, frames, voices), right wherever it is known; ``None`` where nothing is.
        """
        self.denoiser = denoiser
        factors = guidance.factors(conditions)
        self.factors, self.sharpness = list(factors.values()), guidance.sharpness
        variants = [conditions, *(conditions.also_without(name) for name in factors)]
        clean = None if states is None else denoiser.draw(states)
        told = [denoiser.told(variant, clean) for variant in variants]
        self.told = Told(*(torch.cat([getattr(own, entry.name) for own in told]) for entry in fields(Told)))
        self.evidence = evidence or [None] * len(denoiser.config.voices)
        self.last = torch.zeros_like(told[0].unknown)
        self.guided: list[Tensor] = []

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The expected clean points of ``x``, (batch, frames, points), at a scalar noise level."""
        copies = 1 + len(self.factors)
        levels = sigma.to(x.device).expand(copies * len(x))
        noisy_points, last = (own.repeat(copies, 1, 1) for own in (x, self.last))
        believed = self.denoiser.beliefs(noisy_points, last, levels, self.told)
        heard = self.denoiser.evidence(x, levels[: len(x)])
        self.guided = []
        for own, noisy, given in zip(believed, heard, self.evidence, strict=True):
            full, *without = own.chunk(copies)
            guided = full
            for factor, absent in zip(self.factors, without, strict=True):
                guided = guided + factor[..., None] * (full - absent)
            guided = noisy + self.sharpness * guided
            self.guided.append(guided if given is None else guided + given)
        self.last = self.denoiser.estimate(self.guided)
        return self.last

    def states(self) -> list[Tensor]:
        """For every part, (batch, frames, voices): the likeliest states after the last step."""
        return [own.argmax(-1) for own in self.guided]
