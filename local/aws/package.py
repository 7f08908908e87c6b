"""Turn the template into what CloudFormation takes: code as uploaded zips, nothing else changed.

It does what `sam package` does, without the SAM CLI's seconds.
"""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import yaml

BUCKET = "switchboard-artifacts"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)

Template = dict[str, Any]


class ShortForms(yaml.SafeLoader):
    """A YAML loader that knows CloudFormation's `!Ref`, `!GetAtt` and the rest."""


def long_form(loader: ShortForms, suffix: str, node: yaml.Node) -> Template:
    """Read `!Sub x` as `{"Fn::Sub": "x"}`."""
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)  # noqa: S101  # YAML has three kinds of nodes
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


ShortForms.add_multi_constructor("!", long_form)


def read_template(file: Path) -> Template:
    """Read a CloudFormation template written in YAML."""
    return yaml.load(file.read_text(), ShortForms)  # type: ignore[no-any-return]  # noqa: S506


def package(template: Template, *, root: Path, layer: Path, s3: Any) -> str:
    """Upload code, layer and template; return the key of the uploaded template."""
    s3.create_bucket(Bucket=BUCKET)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = upload(s3, zip_of(root / properties["CodeUri"]), "zip")
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = upload(s3, layer.read_bytes(), "zip")
            resource.pop("Metadata", None)  # build instructions, done with
    return upload(s3, json.dumps(template).encode(), "json").removeprefix(f"s3://{BUCKET}/")


def upload(s3: Any, content: bytes, ending: str) -> str:
    """Store content under its own digest and return its address."""
    key = f"{hashlib.sha256(content).hexdigest()[:32]}.{ending}"
    s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    return f"s3://{BUCKET}/{key}"


def zip_of(folder: Path) -> bytes:
    """Zip a function's folder: the same content always gives the same bytes."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            if "__pycache__" in file.parts:
                continue
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), ZIP_EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()
