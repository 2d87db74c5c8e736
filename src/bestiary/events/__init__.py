"""Events: what the shop logs, read once where it lies, checked row by row, and summed up into visits."""
