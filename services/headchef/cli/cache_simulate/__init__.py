"""`headchef cache simulate`: what another `max_wrong` or embedder would have done with past questions."""
