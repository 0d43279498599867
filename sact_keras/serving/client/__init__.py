"""Asks a served model: over REST or gRPC, the same requests and the same answers."""
