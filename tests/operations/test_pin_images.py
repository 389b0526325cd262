"""Images of others are pinned by the digest that a registry tells and their manifest has; what disagrees is refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from tools import pin_images

from tests.conftest import CHECKOUT
from tests.operations.programs import program, run

BASE = "docker.io/library/python:3.11-slim-bookworm"
POSTGRES = "docker.io/library/postgres:15-bookworm"
VALKEY = "docker.io/valkey/valkey:8-bookworm"
FAKE = """#!/usr/bin/env python3
import hashlib, json, os, sys
raw = json.dumps({"schemaVersion": 2, "of": sys.argv[-1], "edition": os.environ.get("EDITION", "")}).encode()
if "--raw" in sys.argv:
    sys.stdout.buffer.write(raw + os.environ.get("MORE", "").encode())
else:
    print(json.dumps({"Name": sys.argv[-1], "Digest": "sha256:" + hashlib.sha256(raw).hexdigest()}))
"""
"""Answers as ``skopeo inspect`` does, with a manifest made of the name."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that name images, in a folder of their own."""
    for path in ("docker-compose.yml", *pin_images.DOCKERFILES):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / path, tmp_path / path)
    shutil.copytree(CHECKOUT / "k8s", tmp_path / "k8s", ignore=shutil.ignore_patterns("components"))
    return tmp_path


@pytest.fixture
def registry(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("bin")
    (folder / "skopeo").write_text(FAKE)
    (folder / "skopeo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def digest_of(name: str) -> str:
    raw = json.dumps({"schemaVersion": 2, "of": f"docker://{name}", "edition": ""}).encode()
    return "sha256:" + hashlib.sha256(raw).hexdigest()


@pytest.mark.usefixtures("registry")
def test_every_image_of_others_is_pinned_where_it_is_used(checkout: Path) -> None:
    assert pin_images.main(["--root", str(checkout)]) == 0
    lines = (checkout / pin_images.ENVIRONMENT).read_text("utf-8").splitlines()[1:]
    found = dict(line.split("=", 1) for line in lines)
    assert found["ANEOS_POSTGRES_IMAGE"] == f"{POSTGRES}@{digest_of(POSTGRES)}"
    assert found["ANEOS_BASE_IMAGE"] == f"{BASE}@{digest_of(BASE)}"
    profiles = [word for name in ("monitoring", "logs", "kafka") for word in ("--profile", name)]
    words = [program("docker-compose"), "-f", CHECKOUT / "docker-compose.yml", *profiles]
    done = run([*words, "--env-file", checkout / pin_images.ENVIRONMENT, "config", "--format", "json"])
    services = json.loads(done.stdout)["services"]
    for name, service in services.items():
        assert "@sha256:" in (
            service["build"]["args"]["BASE"] if "build" in service else service["image"]
        ) or (name == "aneos-catalogue"), name
    overlay = checkout / "k8s" / "overlays" / "pinned"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(
        yaml.safe_dump({"resources": ["../../base"], "components": ["../../components/pinned"]})
    )
    rendered = run([program("kubectl"), "kustomize", overlay]).stdout
    assert f"image: {VALKEY.split(':')[0]}@{digest_of(VALKEY)}" in rendered
    assert f"image: {POSTGRES.split(':')[0]}@{digest_of(POSTGRES)}" in rendered
    assert pin_images.main(["--root", str(checkout), "--check"]) == 0


@pytest.mark.usefixtures("registry")
def test_what_is_not_pinned_is_named_by_the_check(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pin_images.main(["--root", str(checkout), "--check"]) == 1
    assert POSTGRES in capsys.readouterr().err
    assert not (checkout / pin_images.ENVIRONMENT).exists()


@pytest.mark.usefixtures("registry")
def test_a_tag_that_moved_is_refused_until_it_is_wanted(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pin_images.main(["--root", str(checkout)]) == 0
    before = (checkout / pin_images.ENVIRONMENT).read_bytes()
    monkeypatch.setenv("EDITION", "next")
    assert pin_images.main(["--root", str(checkout)]) == 1
    assert f"{POSTGRES}: pinned {digest_of(POSTGRES)}" in capsys.readouterr().err
    assert (checkout / pin_images.ENVIRONMENT).read_bytes() == before
    assert pin_images.main(["--root", str(checkout), "--update"]) == 0
    assert (checkout / pin_images.ENVIRONMENT).read_bytes() != before


@pytest.mark.usefixtures("registry")
def test_a_manifest_that_has_another_digest_is_refused(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MORE", " ")
    assert pin_images.main(["--root", str(checkout)]) == 1
    assert "but the manifest has" in capsys.readouterr().err
    assert not (checkout / pin_images.ENVIRONMENT).exists()


@pytest.mark.usefixtures("registry")
def test_two_bases_are_refused(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = checkout / "deploy" / "nginx" / "Dockerfile"
    path.write_text(path.read_text("utf-8").replace("3.11-slim", "3.12-slim"), "utf-8")
    assert pin_images.main(["--root", str(checkout)]) == 1
    assert (
        "deploy/nginx/Dockerfile: BASE is docker.io/library/python:3.12-slim-bookworm"
        in capsys.readouterr().err
    )


def test_the_real_skopeo_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an image of nothing in a folder, which is another source than a registry."""
    skopeo = program("skopeo", "apt-get install skopeo")
    monkeypatch.setenv("PATH", f"{Path(skopeo).parent}:{os.environ['PATH']}")
    folder = tmp_path / "mirror" / "nothing:1"
    folder.mkdir(parents=True)
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}}
    ).encode()
    name = hashlib.sha256(config).hexdigest()
    (folder / name).write_bytes(config)
    (folder / "version").write_text("Directory Transport Version: 1.1\n")
    kind = "application/vnd.oci.image"
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{kind}.manifest.v1+json",
            "config": {
                "mediaType": f"{kind}.config.v1+json",
                "digest": f"sha256:{name}",
                "size": len(config),
            },
            "layers": [],
        }
    ).encode()
    (folder / "manifest.json").write_bytes(manifest)
    ask = pin_images.asker(f"dir:{tmp_path}/mirror/")
    assert ask("nothing:1") == "sha256:" + hashlib.sha256(manifest).hexdigest()
    with pytest.raises(pin_images.PinError, match="nowhere:1"):
        ask("nowhere:1")
