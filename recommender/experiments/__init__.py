"""Experiments: ranking variants side by side, who gets which, and what is learned from it."""
