"""The scoring service: which segment a customer is in, now, by the model's own rules."""
