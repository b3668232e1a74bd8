"""The editors' desk: who may do what, what was done, and what editors correct."""
