"""The lake: three Delta tables that are written once and only once, and the engine that runs tasks over them."""
