"""N5: the register of renewables and storage: capacity by date, output, curtailment, the duty to add storage and how it is met."""
