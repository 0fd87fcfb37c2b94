"""The frame, the look and the words of the pages that people read in a browser, in English and Chinese."""
