"""Pure calculation of dual control: the part of a year that is a month's, forecasts, a firm's place among limits."""
