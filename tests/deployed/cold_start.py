"""How long a function takes from the start of its process to its first answer.

    cold_start.py PACKAGES ENVIRONMENTS EVENTS [RUNS]

PACKAGES has a zip a function, ENVIRONMENTS a file `<function>.env` of its variables and
EVENTS its first event, `<function>.json`. What AWS gives is replaced: Lambda's runtime API
by this program, and DynamoDB, SSM and the others by what AWS_ENDPOINT_URL names, reached
through TLS, since a cold start in AWS makes its connections too. Prints a table: medians,
milliseconds from the start; CPU is what the process used of its own until it had answered.
"""

import json
import os
import pathlib
import queue
import resource
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from certificate import make_certificate

WAIT = 30

# What Lambda adds to every function's environment, and its runtime asks for.
BY_LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "measured",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_LOG_GROUP_NAME": "measured",
    "AWS_LAMBDA_LOG_STREAM_NAME": "measured",
}


class Runtime(ThreadingHTTPServer):
    """Lambda's runtime API, with one event to give, to be worked off in so many seconds."""

    daemon_threads = True

    def __init__(self, event, seconds):
        self.event, self.asked, self.answered = event, None, queue.Queue()
        self.seconds = seconds
        super().__init__(("127.0.0.1", 0), Invocations)

    def handle_error(self, *_):
        """The process is ended while it waits for its second event."""


class Invocations(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.server.asked is not None:
            # No second event comes; the process is ended meanwhile.
            time.sleep(WAIT)
            return
        self.server.asked = time.monotonic()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + self.server.seconds) * 1000)))
        arn = "arn:aws:lambda:us-east-1:123456789012:function:measured"
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", arn)
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.event)))
        self.end_headers()
        self.wfile.write(self.server.event)

    def do_POST(self):
        at = time.monotonic()
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.answered.put((at, self.path.rpartition("/")[2], body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()


def through_tls(upstream, folder):
    """Listens with TLS before `upstream`; its URL and the file of who vouches for it."""
    authority, certificate, key = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    upstream = urllib.parse.urlsplit(upstream)
    listener = socket.create_server(("127.0.0.1", 0))

    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve(raw):
        try:
            near = context.wrap_socket(raw, server_side=True)
            far = socket.create_connection((upstream.hostname, upstream.port))
        except OSError:
            return
        threading.Thread(target=copy, args=(far, near), daemon=True).start()
        copy(near, far)

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return f"https://localhost:{listener.getsockname()[1]}", authority


def start(binary, environment, event, seconds=WAIT):
    """One cold start: when it asked for work and had answered, its CPU and its memory."""
    runtime = Runtime(event, seconds)
    threading.Thread(target=runtime.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{runtime.server_address[1]}"
    began = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [binary], env={**environment, "AWS_LAMBDA_RUNTIME_API": address}, stdout=log, stderr=log
        )
        try:
            try:
                at, kind, body = runtime.answered.get(timeout=max(seconds, WAIT))
            except queue.Empty:
                log.seek(0)
                sys.exit(f"{binary} didn't answer in {max(seconds, WAIT)} s\n{log.read()[-2000:].decode()}")
            if kind != "response":
                log.seek(0)
                sys.exit(f"{binary} answered with {kind}: {body[:500]}\n{log.read()[-2000:].decode()}")
            with open(f"/proc/{process.pid}/schedstat") as file:
                nanoseconds = int(file.read().split()[0])
            with open(f"/proc/{process.pid}/status") as file:
                peak = next(line for line in file if line.startswith("VmHWM"))
        finally:
            process.kill()
            process.wait()
            runtime.shutdown()
    return {
        "asked": (runtime.asked - began) * 1000,
        "answered": (at - began) * 1000,
        "cpu": nanoseconds / 1e6,
        "memory": int(peak.split()[1]) / 1024,
    }


def main():
    packages, environments, events = map(pathlib.Path, sys.argv[1:4])
    runs = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(f"cold starts, the median of {runs}: function, its binary and zip in MB,")
    print("ms until it asks for work, until it has answered, ms of CPU, and MB of memory\n")
    with tempfile.TemporaryDirectory() as folder:
        url, authority = through_tls(os.environ["AWS_ENDPOINT_URL"], folder)
        for package in sorted(packages.glob("*.zip")):
            name = package.stem
            with zipfile.ZipFile(package) as archive:
                binary = archive.extract("bootstrap", f"{folder}/{name}")
            os.chmod(binary, 0o755)
            lines = (environments / f"{name}.env").read_text().splitlines()
            environment = dict(line.split("=", 1) for line in lines)
            environment |= {"AWS_ENDPOINT_URL": url, "SSL_CERT_FILE": authority} | BY_LAMBDA
            event = json.dumps(json.loads((events / f"{name}.json").read_text())).encode()
            taken = [start(binary, environment, event) for _ in range(runs)]
            middle = {key: statistics.median(one[key] for one in taken) for key in taken[0]}
            sizes = [os.path.getsize(one) / 1e6 for one in (binary, package)]
            print(
                f"{name:17} {sizes[0]:5.1f} {sizes[1]:5.1f}  {middle['asked']:6.0f} {middle['answered']:6.0f}"
                f"  {middle['cpu']:5.0f}  {middle['memory']:5.1f}"
            )


if __name__ == "__main__":
    main()
