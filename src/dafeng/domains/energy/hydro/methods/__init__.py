"""Pure arithmetic of the room: arrays and numbers in, arrays and numbers out. No Django, no files."""
