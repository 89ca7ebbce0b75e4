"""Events come in, signed and once; they are computed, screened, and posted or held."""
