"""The pages of the rewards: `applicants` for those who apply and for everybody, `offices` for those who check, decide and pay."""
