"""Related articles: rows into neighbours, neighbours into published lists."""
