"""Pure rules of the domain: states of duties, working days, credit codes, images without their metadata."""
