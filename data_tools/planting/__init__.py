"""Put known defects into a good data set and record them in a truth file, to measure how well curation finds them."""
