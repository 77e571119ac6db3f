"""Compose whole pop songs with four cascaded diffusion models."""
