"""Programs: the command line and the time-stamping server."""
