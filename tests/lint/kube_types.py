#!/usr/bin/python3
"""Compare manifests of Kubernetes with the types of its API.

	kube_types.py FILE ...

Prints each field that the API does not know, that has another type, or that is
missing. The types are those of Kubernetes' own client for Python, which is made
from the description of the API.
"""
import re
import sys

import yaml
from kubernetes import client

PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float)}


def check_object(value, model, path):
    if not isinstance(value, dict):
        yield f"{path}: not {model.__name__}"
        return
    types = {json: model.openapi_types[name]
             for name, json in model.attribute_map.items()}
    for key, item in value.items():
        if key in types:
            yield from check(item, types[key], f"{path}.{key}")
        else:
            yield f"{path}.{key}: not in {model.__name__}"
    # What is missing, and what values a field may have, the setters know.
    names = {json: name for name, json in model.attribute_map.items()}
    config = client.Configuration()
    config.client_side_validation = True
    try:
        model(local_vars_configuration=config,
              **{names[key]: item for key, item in value.items()
                 if key in names})
    except ValueError as error:
        yield f"{path}: {error}"


def check(value, kind, path):
    many = re.fullmatch(r"list\[(.*)\]", kind)
    named = re.fullmatch(r"dict\(str, (.*)\)", kind)
    if many or named:
        if not isinstance(value, list if many else dict):
            yield f"{path}: not {kind}"
            return
        items = enumerate(value) if many else value.items()
        for key, item in items:
            yield from check(item, (many or named)[1], f"{path}.{key}")
    elif kind in PLAIN:
        plain = isinstance(value, PLAIN[kind])
        if not plain or isinstance(value, bool) != (kind == "bool"):
            yield f"{path}: not {kind}: {value!r}"
    elif kind != "object":
        yield from check_object(value, getattr(client, kind), path)


def model_of(manifest):
    """The model of apiVersion "apps/v1" and kind "DaemonSet" is V1DaemonSet."""
    version = manifest["apiVersion"].split("/")[-1]
    return getattr(client, version.capitalize() + manifest["kind"])


def main():
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            for manifest in yaml.safe_load_all(file):
                for problem in check_object(manifest, model_of(manifest),
                                            manifest["kind"]):
                    print(f"{path}: {problem}")


main()
