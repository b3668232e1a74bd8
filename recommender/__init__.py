"""Fills a news site's Related Articles and Trending boxes."""
