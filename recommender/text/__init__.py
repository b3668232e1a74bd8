"""Articles into words, and words into TF-IDF rows."""
