"""What the input of many jobs from one template costs, with providers' caches of prompts and without."""
