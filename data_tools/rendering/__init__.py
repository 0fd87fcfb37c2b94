"""A small landscape renderer: it draws a height field in perspective together with its exact class map."""
