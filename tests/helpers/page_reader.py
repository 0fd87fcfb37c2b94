"""Read a page as a reader of one language sees it."""

import re
from html.parser import HTMLParser


def in_language(html, language):
    """A page without the texts of the other language, and without the elements around the texts of this one."""
    other = "zh" if language == "en" else "en"
    html = re.sub(rf'<(span|tspan) lang="{other}">.*?</\1>', "", html, flags=re.S)
    html = re.sub(rf'<(span|tspan) lang="{language}">(.*?)</\1>', r"\2", html, flags=re.S)
    if language == "zh":
        html = re.sub(r'(alt|aria-label)="[^"]*" data-zh="([^"]*)"', r'\1="\2"', html)
        return re.sub(r'<title data-zh="([^"]*)">.*?</title>', r"<title>\1</title>", html)
    return re.sub(r' data-zh="[^"]*"', "", html)


class Page(HTMLParser):
    """The elements of a page, [(tag, attributes)], and its text."""

    def __init__(self, html, language="en"):
        super().__init__()
        self.elements, self.texts = [], []
        self.feed(in_language(html, language))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag, **wanted):
        return [
            attrs
            for name, attrs in self.elements
            if name == tag and all(attrs.get(key.rstrip("_")) == value for key, value in wanted.items())
        ]

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())
