"""The pages of parks."""
