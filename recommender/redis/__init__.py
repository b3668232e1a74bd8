"""Redis: the connection with its time budget, the embedded server, and the name of every key."""
