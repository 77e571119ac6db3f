"""Songs ⇄ tensors."""
