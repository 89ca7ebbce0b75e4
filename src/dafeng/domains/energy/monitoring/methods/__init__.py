"""Pure calculation: frames and arrays in, frames and arrays out. No Django, no files but the tables beside the code."""
