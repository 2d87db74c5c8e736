"""The scoring service: which segment a customer is in, now, by the model's own rules.

It answers what the batch answers, by the same model and the same numpy code, and needs no engine: only floor 0,
`segments.model` and what that imports may be imported here.
"""
