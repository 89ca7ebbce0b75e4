"""Pages of the room; a module for each matter."""
