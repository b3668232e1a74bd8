"""What runs in batches: importing articles, the nightly training."""
