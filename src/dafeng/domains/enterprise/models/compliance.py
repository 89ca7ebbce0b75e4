"""What the compliance room stores."""
