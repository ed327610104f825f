"""What is wrong with a container of a Docker engine: its end, its start, its log, its image, its blueprint."""
