"""The commands, a module for each kind of work; each is imported when it is called."""
