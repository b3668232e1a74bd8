"""A newsroom to try the service with: its articles, and readers that read them."""

from recommender.sample.newsroom import captions, sample_articles

__all__ = ["captions", "sample_articles"]
