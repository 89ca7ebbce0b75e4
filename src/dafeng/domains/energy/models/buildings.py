"""What the buildings room stores."""
