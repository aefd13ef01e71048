#!/usr/bin/env python3
"""Asks a real kube-apiserver whether it agrees with what check.sh --real kept.

  KUBEBUILDER_ASSETS=... real_server.py LINES

starts etcd and kube-apiserver of that folder on loopback, creates the CRDs of LINES, and its objects with dryRun.
The client and the server agree when both accept or both refuse, and when what the server would store, with its defaults and
without what it prunes, is what the in-memory API server would. Prints the first disagreements and a summary of each kind; exits
with 1 when there is one.
"""

import collections
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, assets, folder):
        etcd, peer, self.port = free_port(), free_port(), free_port()
        key = os.path.join(folder, "sa.key")
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, stderr=subprocess.DEVNULL)
        with open(os.path.join(folder, "tokens.csv"), "w") as f:
            f.write("secret,admin,1,system:masters\n")
        url = f"http://127.0.0.1:{etcd}"
        self.processes = [
            self.start(folder, assets, "etcd", "--data-dir", os.path.join(folder, "etcd"), "--listen-client-urls", url,
                       "--advertise-client-urls", url, "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--unsafe-no-fsync"),
            self.start(folder, assets, "kube-apiserver", "--etcd-servers", url, "--secure-port", str(self.port),
                       "--bind-address", "127.0.0.1", "--cert-dir", os.path.join(folder, "certs"), "--token-auth-file",
                       os.path.join(folder, "tokens.csv"), "--authorization-mode", "AlwaysAllow", "--service-account-issuer",
                       "https://localhost", "--service-account-key-file", key, "--service-account-signing-key-file", key,
                       "--service-cluster-ip-range", "10.0.0.0/24", "--disable-admission-plugins", "ServiceAccount")]
        self.connection = None
        deadline = time.time() + 300
        while self.ready() != 200:
            if time.time() > deadline:
                raise SystemExit(f"the server does not get ready; see {folder}")
            time.sleep(0.5)

    @staticmethod
    def start(folder, assets, name, *arguments):
        log = open(os.path.join(folder, name + ".log"), "w")
        return subprocess.Popen([os.path.join(assets, name), *arguments], stdout=log, stderr=log)

    def ready(self):
        try:
            return self.ask("GET", "/readyz")[0]
        except OSError:
            return 0

    def ask(self, method, path, body=None):
        for attempt in range(3):
            try:
                if self.connection is None:
                    context = ssl._create_unverified_context()
                    self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=60)
                self.connection.request(method, path, None if body is None else json.dumps(body),
                                        {"Authorization": "Bearer secret", "Content-Type": "application/json"})
                reply = self.connection.getresponse()
                return reply.status, reply.read()
            except (OSError, http.client.HTTPException):
                self.connection = None
                if attempt == 2:
                    raise OSError("no answer")

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()


def install(server, lines):
    names = []
    for crd in (line["definition"] for line in lines if "definition" in line):
        metadata = crd["metadata"]
        metadata.pop("creationTimestamp", None)
        # groups under k8s.io are protected by this annotation
        metadata.setdefault("annotations", {}).setdefault("api-approved.kubernetes.io", "unapproved, for a test")
        status, body = server.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
        if status >= 300:
            raise SystemExit(f"{metadata['name']}: refused: {json.loads(body)['message'][:300]}")
        names.append(metadata["name"])
    deadline = time.time() + 300
    for name in names:
        while time.time() < deadline:
            crd = json.loads(server.ask("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + name)[1])
            if any(c["type"] == "Established" and c["status"] == "True" for c in (crd.get("status") or {}).get("conditions") or []):
                break
            time.sleep(0.2)


def create(server, line):
    """The status and the body of the answer to a dry run."""
    line["object"]["metadata"].pop("namespace", None)
    path = line["collection"] + "?dryRun=All&fieldValidation=Ignore"
    deadline = time.time() + 60
    while True:
        status, body = server.ask("POST", path, line["object"])
        if status != 404 or b"page not found" not in body or time.time() > deadline:
            return status, body
        time.sleep(0.2)  # the kind is not served yet


def difference(a, b, path=""):
    """Where two values differ first, or nothing."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            if key not in a or key not in b:
                return f"{path}.{key}"
            found = difference(a[key], b[key], f"{path}.{key}")
            if found:
                return found
        return ""
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return next(filter(None, (difference(x, y, f"{path}[{i}]") for i, (x, y) in enumerate(zip(a, b)))), "")
    return "" if a == b and isinstance(a, bool) == isinstance(b, bool) else path or "the root"


def judge(line, status, body):
    """What is wrong, if anything."""
    accepted = status < 300
    if accepted != (line["client"] == "accepted"):
        message = "accepted" if accepted else json.loads(body)["message"]
        return f"client: {line['client'][:250]} | server: {message[:400]}"
    if not accepted:
        return ""
    stored = json.loads(body)
    stored.pop("metadata")
    if line["stored"] is None:
        return "the server in memory refused it"
    where = difference(line["stored"], stored)
    return where and f"stored otherwise than in memory at {where}"


def compare(server, lines):
    asked, refused, differed = collections.Counter(), collections.Counter(), collections.Counter()
    for line in lines:
        if "definition" in line:
            continue
        kind = line["object"]["kind"] + " " + line["object"]["apiVersion"]
        status, body = create(server, line)
        asked[kind] += 1
        refused[kind] += status >= 300
        wrong = judge(line, status, body)
        if wrong:
            differed[kind] += 1
            if differed[kind] <= 3:
                print(f"  {kind}: {wrong}")
    for kind in sorted(asked):
        print(f"{kind}: {asked[kind]} objects, {refused[kind]} refused, {differed[kind]} disagreements")
    print(f"{len(asked)} kinds: {sum(asked.values())} objects, {sum(refused.values())} refused, {sum(differed.values())} disagreements")
    return sum(differed.values())


def main():
    if len(sys.argv) < 2 or "KUBEBUILDER_ASSETS" not in os.environ:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(os.environ["KUBEBUILDER_ASSETS"], folder)
        try:
            server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "default"}})
            with open(sys.argv[1]) as f:
                lines = [json.loads(text) for text in f]
            install(server, lines)
            sys.exit(1 if compare(server, lines) else 0)
        finally:
            server.stop()


main()
