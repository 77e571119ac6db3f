"""Many songs of one request, each by a seed of its own: composed anywhere, kept in a folder or in packs, once each."""

from canzona.batch.composing import Composed, Order, Refused, compose_seeds
from canzona.batch.keeping import Keeper, SongFolder
from canzona.batch.packing import PackFolder, packs_of

__all__ = ["Composed", "Keeper", "Order", "PackFolder", "Refused", "SongFolder", "compose_seeds", "packs_of"]
