"""`headchef cache explain`: why the questions of a job were answered by earlier answers, or were not."""
