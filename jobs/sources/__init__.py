"""Readers of article sources: JSON Lines, CSV, feeds, news sitemaps, WordPress and databases.

A reader maps its format to the field names of an article and nothing more; ``recommender.article`` validates.
"""

from __future__ import annotations

from jobs.sources.reading import read_source
from jobs.sources.records import Record, Unreadable

__all__ = ["Record", "Unreadable", "read_source"]
