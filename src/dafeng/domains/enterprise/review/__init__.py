"""C5: energy review and carbon evaluation of fixed-asset projects, from threshold decision to acceptance."""
