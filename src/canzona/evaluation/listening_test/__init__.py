"""The double-blind listening test: what is heard, the page that asks, and the scores of the answers."""
