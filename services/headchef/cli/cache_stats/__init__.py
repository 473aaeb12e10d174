"""`headchef cache stats`: what the cache has done, and how the pools of questions stand."""
