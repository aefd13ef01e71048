#!/usr/bin/env python3
"""Asks a real kube-apiserver whether it agrees with what check.sh --write kept.

  KUBEBUILDER_ASSETS=... real_server.py LINES CRDS_DIR...

starts etcd and kube-apiserver of that folder on loopback, creates the CRDs, and creates every object of LINES there with dryRun.
The client and the server agree when both accept or both refuse. Prints one line for each disagreement and a summary for each
kind; exits with 1 when there is one.
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

import yaml


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


def crds_in(folders):
    for folder in folders:
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name)) as f:
                for crd in yaml.load_all(f, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
                    if crd and crd.get("kind") == "CustomResourceDefinition":
                        crd.pop("status", None)
                        crd["spec"].pop("conversion", None)  # nobody answers the webhook
                        for version in crd["spec"]["versions"]:
                            version["served"] = True
                        yield crd


def install(server, folders):
    names = []
    for crd in crds_in(folders):
        metadata = crd["metadata"]
        metadata.pop("creationTimestamp", None)
        # groups under k8s.io are protected by this annotation
        metadata.setdefault("annotations", {}).setdefault("api-approved.kubernetes.io", "unapproved, for a test")
        status, body = server.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
        if status >= 300:
            print(f"{metadata['name']}: refused: {json.loads(body)['message'][:300]}")
        else:
            names.append(metadata["name"])
    deadline = time.time() + 300
    for name in names:
        while time.time() < deadline:
            crd = json.loads(server.ask("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + name)[1])
            if any(c["type"] == "Established" and c["status"] == "True" for c in (crd.get("status") or {}).get("conditions") or []):
                break
            time.sleep(0.2)


def compare(server, lines):
    agreed, differed = collections.Counter(), collections.Counter()
    refused = collections.Counter()
    for text in open(lines):
        line = json.loads(text)
        kind = line["object"]["kind"] + " " + line["object"]["apiVersion"]
        line["object"]["metadata"].pop("namespace", None)
        path = line["collection"] + "?dryRun=All&fieldValidation=Ignore"
        status, body = server.ask("POST", path, line["object"])
        deadline = time.time() + 60
        while status == 404 and b"page not found" in body and time.time() < deadline:
            time.sleep(0.2)  # the kind is not served yet
            status, body = server.ask("POST", path, line["object"])
        accepted = status < 300 or status == 409
        refused[kind] += not accepted
        if accepted == (line["client"] == "accepted"):
            agreed[kind] += 1
            continue
        differed[kind] += 1
        if differed[kind] <= 3:
            message = "accepted" if accepted else json.loads(body)["message"]
            print(f"  {kind}: client: {line['client'][:250]} | server: {message[:400]}")
    for kind in sorted(agreed + differed):
        print(f"{kind}: {agreed[kind] + differed[kind]} objects, {refused[kind]} refused, {differed[kind]} disagreements")
    print(f"{len(agreed + differed)} kinds: {sum(agreed.values()) + sum(differed.values())} objects, {sum(refused.values())} refused, "
          f"{sum(differed.values())} disagreements")
    return sum(differed.values())


def main():
    if len(sys.argv) < 3 or "KUBEBUILDER_ASSETS" not in os.environ:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(os.environ["KUBEBUILDER_ASSETS"], folder)
        try:
            server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "default"}})
            install(server, sys.argv[2:])
            sys.exit(1 if compare(server, sys.argv[1]) else 0)
        finally:
            server.stop()


main()
