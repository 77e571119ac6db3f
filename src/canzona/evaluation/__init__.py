"""Scores of finished songs, whatever made them."""

from canzona.evaluation.metrics import METRICS, Metric, score

__all__ = ["METRICS", "Metric", "score"]
