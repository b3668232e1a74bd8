"""Trending: views into counters that decay, and counters into ranks."""
