"""Canzona Studio: a server on one's own machine whose page composes, plays, changes and keeps songs.

The server computes nothing itself: what needs time, memory or trust is done by processes of its own.
"""
