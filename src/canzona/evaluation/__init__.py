"""Scores of finished songs, whatever made them."""

from canzona.evaluation.bootstrap import Figure
from canzona.evaluation.evaluation import Entry, Equipment, Evaluation, judge, judge_all, summarise
from canzona.evaluation.metrics import METRICS, ROWS, Metric, Row, score

__all__ = [
    "METRICS",
    "ROWS",
    "Entry",
    "Equipment",
    "Evaluation",
    "Figure",
    "Metric",
    "Row",
    "judge",
    "judge_all",
    "score",
    "summarise",
]
