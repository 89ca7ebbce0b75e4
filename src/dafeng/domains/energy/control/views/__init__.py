"""Pages of dual control."""
