"""A small landscape renderer: a height field seen in perspective, with its exact class map."""
