"""What the review room stores."""
