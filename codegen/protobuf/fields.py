#!/usr/bin/env python3
"""Writes fields.txt: the numbers that Kubernetes' types have in protobuf, from the struct tags of their Go sources.

    fields.py API APIMACHINERY APIEXTENSIONS TAG > fields.txt

The first three are git directories of kubernetes/api, apimachinery and apiextensions-apiserver.

A line is a type and its fields, each `name:number:type`. Types: s string, b bool, i integer, d double, y bytes,
q quantity, o int-or-string, t time, u time with microseconds, r any object, j any JSON, f a field set, l a message
that is a list of strings, otherwise the name of a type (short when it is of the same package). Before it stand * for a list, % for a map from strings, ^ for
a type whose fields stand in its place in JSON; after it ~ when JSON leaves the zero value out.
"""

import re
import subprocess
import sys

GROUPS = """admissionregistration/v1 apps/v1 authentication/v1 authorization/v1 autoscaling/v1 autoscaling/v2 batch/v1
certificates/v1 coordination/v1 core/v1 discovery/v1 events/v1 networking/v1 policy/v1 rbac/v1 scheduling/v1
storage/v1""".split()
SCALARS = {"string": "s", "bool": "b", "int32": "i", "int64": "i", "int": "i", "uint8": "i", "float64": "d", "[]byte": "y",
           "resource.v1.Quantity": "q", "intstr.v1.IntOrString": "o", "meta.v1.Time": "t", "meta.v1.MicroTime": "u",
           "runtime.v1.RawExtension": "r", "apiextensions.v1.JSON": "j", "meta.v1.FieldsV1": "f",
           "types.v1.UID": "s", "types.v1.NodeName": "s"}
LISTS_AS_MESSAGES = {"authentication.v1.ExtraValue", "authorization.v1.ExtraValue", "certificates.v1.ExtraValue",
                     "meta.v1.Verbs"}
IMPORTS = {"v1": "core.v1", "corev1": "core.v1", "apiv1": "core.v1", "k8s": "core.v1", "authv1": "authentication.v1", "authenticationv1": "authentication.v1","metav1": "meta.v1", "resource": "resource.v1", "intstr": "intstr.v1",
           "runtime": "runtime.v1", "types": "types.v1", "rbac": "rbac.v1", "apiextensions": "apiextensions.v1"}


def git(directory, *arguments):
    return subprocess.run(["git", "-C", directory, *arguments], check=True, capture_output=True, text=True).stdout


def sources(directory, tag, folder):
    names = git(directory, "ls-tree", "--name-only", tag, folder + "/").split()
    wanted = [n for n in names if re.search(r"/types\w*\.go$", n) and not n.endswith("_generated.go")]
    return [git(directory, "show", f"{tag}:{name}") for name in wanted]


def read(package, text, structs, aliases):
    def full(name):
        if name.startswith("[]byte") or name in SCALARS:
            return name
        for prefix in ("*", "[]"):
            if name.startswith(prefix):
                return prefix + full(name[len(prefix):])
        found = re.fullmatch(r"map\[[\w.]+\](.*)", name)
        if found:
            return "map:" + full(found[1])
        if "." in name:
            package_name, name = name.split(".")
            if package_name == "v1" and package == "core.v1":
                raise ValueError(name)
            return IMPORTS[package_name] + "." + name
        return package + "." + name

    for line in re.finditer(r"^type (\w+) ((?:map\[|\[\]|\w).*)$", text, re.M):
        name, meaning = line[1], line[2].split("//")[0].strip()
        if not meaning.startswith(("struct", "interface", "func")):
            aliases[package + "." + name] = full(meaning)
    for block in re.finditer(r"^type (\w+) struct\s*(?:\{\n(.*?)^\}|\{\})", text, re.M | re.S):
        fields = []
        for line in (block[2] or "").splitlines():
            line = line.strip()
            if line.startswith("//"):
                continue
            found = re.match(r"(?:(\w+)\s+)?(\S+)\s+`(.*)`", line)
            number = found and re.search(r'protobuf:"\w+,(\d+)', found[3])
            if not number:
                continue
            json = re.search(r'json:"([^"]*)"', found[3])
            json = json[1] if json else re.search(r"name=(\w+)", found[3])[1]
            name, _, options = json.partition(",")
            zero = ("omitempty" in options or "omitzero" in options) and not found[2].startswith("*")
            fields.append((name, int(number[1]), full(found[2]), zero, "inline" in options))
        if fields or "protobuf" not in (block[2] or ""):
            structs[package + "." + block[1]] = fields


def encode(name, structs, aliases):
    if name.startswith("*"):
        return encode(name[1:], structs, aliases)
    if name in SCALARS:
        return SCALARS[name]
    if name in LISTS_AS_MESSAGES:
        return "l"
    if name.startswith("[]"):
        return "*" + encode(name[2:], structs, aliases)
    if name.startswith("map:"):
        return "%" + encode(name[4:], structs, aliases)
    if name in aliases:
        return encode(aliases[name], structs, aliases)
    if name not in structs:
        raise SystemExit(f"{name} is not known")
    return name


def main():
    api, machinery, extensions, tag = sys.argv[1:]
    structs, aliases = {}, {}
    for group in GROUPS:
        for text in sources(api, tag, group):
            read(group.replace("/", "."), text, structs, aliases)
    for text in sources(machinery, tag, "pkg/apis/meta/v1"):
        read("meta.v1", text, structs, aliases)
    for text in sources(extensions, tag, "pkg/apis/apiextensions/v1"):
        read("apiextensions.v1", text, structs, aliases)
    for name in [n for n in structs if n in SCALARS]:
        del structs[name]
    print(f"# Kubernetes {tag}; made by fields.py")
    for name in sorted(structs):
        out = [name]
        for field, number, type_name, zero, inline in structs[name]:
            kind = encode(type_name, structs, aliases)
            kind = re.sub("^([*%]?)" + re.escape(name.rpartition(".")[0]) + r"\.", r"\1", kind)
            out.append(f"{field}:{number}:{'^' if inline else ''}{kind}{'~' if zero else ''}")
        print(" ".join(out))


main()
