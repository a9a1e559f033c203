"""What knows nothing of runs or images: files, locks, streams, signals, text, Keras's loading."""
