"""What a model writes, made fit to be spoken, as it streams. Pure."""
