"""Customers: one row each as of a date, measured over trailing windows of months."""
