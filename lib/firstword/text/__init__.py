"""What a model writes, made fit to be spoken, as it streams; what a caller said, judged as far as the words tell. Pure."""
