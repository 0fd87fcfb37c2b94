"""A server on this machine that sends files, and can cut, refuse or change what it sends."""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """What the server does: `files` by path, and after how many bytes of an answer it cuts the connection."""

    def __init__(self, files):
        self.files = files
        self.cut_after = None  # bytes of each answer
        self.has_ranges = True
        self.ranges = []  # first bytes that were asked for


@contextmanager
def serving(site):
    """Serve a site while the block runs; gives its address, "http://127.0.0.1:PORT"."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            data = site.files.get(self.path)
            if data is None:
                self.send_error(404)
                return
            start = int((re.match(r"bytes=(\d+)-", self.headers.get("Range", "")) or [0, 0])[1])
            site.ranges.append(start)
            start = start if site.has_ranges else 0
            if start and start >= len(data):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            self.wfile.write(data[start:][: site.cut_after])

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
