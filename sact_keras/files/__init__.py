"""How results reach the disk, whole or not at all: used by all that write."""
