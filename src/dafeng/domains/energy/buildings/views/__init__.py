"""Pages of buildings."""
