"""How much of a stream of questions is served with earlier answers, and how much of that is wrong."""
