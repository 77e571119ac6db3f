"""The REMI Transformer's network: a Llama decoder from Hugging Face's ``transformers``, with rotary positions, from scratch."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from canzona.baselines.remi_tokens import RemiTokens
from canzona.io.files import atomic_write

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

FORMAT = "canzona-remi-1"
WEIGHTS = "weights.safetensors"
"""The file of a model's folder."""


@dataclass(frozen=True)
class RemiConfig:
    """The network's shape; about 5.1 million parameters."""

    width: int = 320  # features of a token
    layers: int = 4
    heads: int = 5  # of attention, in each layer
    hidden: int = 880  # features within a feed-forward block
    context: int = 1024  # tokens that it sees at once


@dataclass(frozen=True)
class RemiModel:
    """A network with its vocabulary.

    Attributes:
        network: gives the log-odds of the token after each token.
        tokens: what the tokens mean.
        config: the network's shape.
        training: how it was trained and how it scored.
    """

    network: "LlamaForCausalLM"
    tokens: RemiTokens
    config: RemiConfig
    training: dict[str, object]


def new_network(config: RemiConfig, vocabulary: int, seed: int) -> "LlamaForCausalLM":
    """A network for so many tokens, with random weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=config.width,
        intermediate_size=config.hidden,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.heads,
        max_position_embeddings=config.context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=0,
    )
    with torch.random.fork_rng(devices=[]):  # PyTorch draws first weights from its global generator alone
        torch.manual_seed(seed)
        return LlamaForCausalLM(shape)


def save_model(folder: Path, model: RemiModel) -> None:
    """Write the weights and all that they need to be read; ``load_model`` is the inverse."""
    facts = {"config": asdict(model.config), "vocabulary": model.tokens.names, "training": model.training}
    weights = {name: value.detach().contiguous() for name, value in model.network.named_parameters()}
    texts = {name: json.dumps(fact) for name, fact in facts.items()}
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / WEIGHTS, save(weights, {"format": FORMAT} | texts))


def load_model(folder: Path) -> RemiModel:
    """The model of a folder, ready to compose.

    Raises:
        ValueError: where the weights are damaged, no weights of this kind, or made for other tokens.
        OSError: where they cannot be read.
    """
    path = folder / WEIGHTS
    path.open("rb").close()  # where it cannot be read, this error names it
    try:
        with safe_open(path, framework="pt") as file:
            facts = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except SafetensorError as error:
        raise ValueError(f"weights: {path} is damaged ({error})") from None
    if facts.get("format") != FORMAT:
        raise ValueError(f"weights: {path} must be a {FORMAT} file, got {facts.get('format')!r}")
    tokens = RemiTokens()
    if json.loads(facts["vocabulary"]) != tokens.names:
        raise ValueError(f"weights: {path} must be made for the tokens of this version, got other ones")
    config = RemiConfig(**json.loads(facts["config"]))
    network = new_network(config, len(tokens.names), seed=0)
    network.load_state_dict(weights, strict=False)  # the output layer is the embedding again
    network.eval().requires_grad_(False)
    return RemiModel(network, tokens, config, json.loads(facts["training"]))
