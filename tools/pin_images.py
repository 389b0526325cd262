"""Pins the images of others by digest: asks a registry once, writes what Compose, Kubernetes and the builds take.

    python tools/pin_images.py                 # write what is not pinned yet; refuse when a tag moved
    python tools/pin_images.py --update        # take what the tags mean now
    python tools/pin_images.py --check         # write nothing; exit status 1 when something is not pinned or moved

Names and tags come from docker-compose.yml, k8s/base and the Dockerfiles' BASE; nothing is named twice. Needs a
registry and ``skopeo`` (or ``docker buildx``). A digest is taken only when the manifest itself has that SHA-256.
Written are

``deploy/pinned.env``
    for ``docker compose --env-file deploy/pinned.env``: the images, and the base of what is built
``k8s/components/pinned/kustomization.yaml``
    a component: ``components: [../../components/pinned]`` in an overlay

Another source than a registry, such as a folder of copies made with ``skopeo copy``: ``--source dir:/mirror/``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import yaml

CHECKOUT: Final = Path(__file__).resolve().parents[1]
ENVIRONMENT: Final = Path("deploy/pinned.env")
COMPONENT: Final = Path("k8s/components/pinned/kustomization.yaml")
DOCKERFILES: Final = ("Dockerfile", "deploy/nginx/Dockerfile", "deploy/local/Dockerfile")
BASE_VARIABLE: Final = "ANEOS_BASE_IMAGE"
PATIENCE_S: Final = 120.0
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
VARIABLE: Final = re.compile(r"\$\{(ANEOS_[A-Z_]+_IMAGE):-([^}\s]+)\}")
Ask = Callable[[str], str]


class PinError(Exception):
    """Why nothing was written."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--check", action="store_true", help="write nothing; fail when something is not pinned or moved"
    )
    how.add_argument(
        "--update", action="store_true", help="take what the tags mean now, also where it changed"
    )
    parser.add_argument(
        "--source", default="docker://", help="what skopeo is given before a name (docker://)"
    )
    parser.add_argument("--root", type=Path, default=CHECKOUT, help="the checkout")
    options = parser.parse_args(arguments)
    try:
        variables, manifests = compose_images(options.root), manifest_images(options.root)
        found = pinned(options.root)
        told = resolve({*variables.values(), *manifests}, asker(options.source))
        moved = {name: digest for name, digest in told.items() if found.get(name, digest) != digest}
        missing = sorted(told.keys() - found.keys())
        if moved and not options.update:
            lines = [f"{name}: pinned {found[name]}, now {digest}" for name, digest in sorted(moved.items())]
            raise PinError(
                "tags mean something else than was pinned (--update takes it):\n  " + "\n  ".join(lines)
            )
        if options.check:
            if missing:
                raise PinError(f"not pinned: {', '.join(missing)}")
            print(f"{len(told)} images are pinned to what their tags mean", file=sys.stderr)
            return 0
        write(options.root, variables, manifests, told)
    except (PinError, OSError, subprocess.SubprocessError) as error:
        print(f"pin_images: {error}", file=sys.stderr)
        return 1
    print(f"pinned {len(told)} images: {ENVIRONMENT}, {COMPONENT}", file=sys.stderr)
    return 0


def compose_images(root: Path) -> dict[str, str]:
    """Variable of docker-compose.yml → name with tag; the base of the Dockerfiles among them."""
    found: dict[str, str] = {}
    for variable, name in VARIABLE.findall((root / "docker-compose.yml").read_text("utf-8")):
        if found.setdefault(variable, name) != name:
            raise PinError(f"docker-compose.yml: {variable} is {found[variable]} and {name}")
    if not found:
        raise PinError("docker-compose.yml names no images of others")
    for path in DOCKERFILES:
        for name in re.findall(r"^ARG BASE=(\S+)$", (root / path).read_text("utf-8"), re.MULTILINE):
            if found.get(BASE_VARIABLE) != name:
                raise PinError(f"{path}: BASE is {name}, docker-compose.yml says {found.get(BASE_VARIABLE)}")
    return found


def manifest_images(root: Path) -> set[str]:
    """Images of others (those with a registry in their name) in k8s/base."""
    found: set[str] = set()
    for path in sorted((root / "k8s" / "base").glob("*.yaml")):
        for name in re.findall(r"^\s+(?:- )?image: (\S+)$", path.read_text("utf-8"), re.MULTILINE):
            if "." in name.split("/", 1)[0] and "/" in name:
                found.add(name)
    repositories = [name.rpartition(":")[0] for name in found]
    if len(set(repositories)) != len(repositories):
        raise PinError(f"k8s/base uses two tags of one image: {', '.join(sorted(found))}")
    return found


def pinned(root: Path) -> dict[str, str]:
    """Name with tag → digest, of what was written before; files that disagree are refused."""
    found: dict[str, str] = {}
    path = root / ENVIRONMENT
    if path.is_file():
        for line in path.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                name, _, digest = line.partition("=")[2].partition("@")
                found[name] = checked(digest, f"{ENVIRONMENT}: {name}")
    path = root / COMPONENT
    if path.is_file():
        tags = {name.rpartition(":")[0]: name for name in manifest_images(root)}
        for image in yaml.safe_load(path.read_text("utf-8"))["images"]:
            name = tags.get(image["name"], image["name"])
            digest = checked(image["digest"], f"{COMPONENT}: {name}")
            if found.setdefault(name, digest) != digest:
                raise PinError(f"{name}: {found[name]} in {ENVIRONMENT}, {digest} in {COMPONENT}")
    return found


def asker(source: str) -> Ask:
    """How a digest is asked for, by what is installed."""
    if shutil.which("skopeo"):
        return lambda name: by_skopeo(source + name)
    if shutil.which("docker") and source == "docker://":
        return by_docker
    raise PinError("needs skopeo, or docker with buildx (apt-get install skopeo)")


def by_skopeo(reference: str) -> str:
    """Digest of a name of skopeo: as told, and as counted from the manifest's bytes."""
    told = json.loads(output("skopeo", "inspect", "--no-tags", reference))["Digest"]
    return agreed(reference, told, {output("skopeo", "inspect", "--raw", reference)})


def by_docker(name: str) -> str:
    """The same with ``docker buildx imagetools``, which may end the manifest with a line of its own."""
    words = ("docker", "buildx", "imagetools", "inspect", name)
    told = json.loads(output(*words, "--format", "{{json .Manifest}}"))["digest"]
    raw = output(*words, "--raw")
    return agreed(name, told, {raw, raw.removesuffix(b"\n")})


def agreed(name: str, told: object, manifests: set[bytes]) -> str:
    digest = checked(told, name)
    counted = {"sha256:" + hashlib.sha256(manifest).hexdigest() for manifest in manifests}
    if digest not in counted:
        raise PinError(f"{name}: told {digest}, but the manifest has {', '.join(sorted(counted))}")
    return digest


def checked(digest: object, where: str) -> str:
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise PinError(f"{where}: not a digest: {digest!r}")
    return digest


def output(*words: str) -> bytes:
    done = subprocess.run(words, capture_output=True, timeout=PATIENCE_S, check=False)  # noqa: S603 - fixed programs
    if done.returncode != 0:
        raise PinError(f"{' '.join(words)}: {done.stderr.decode('utf-8', 'replace').strip()[-500:]}")
    return done.stdout


def resolve(names: set[str], ask: Ask) -> dict[str, str]:
    return {name: ask(name) for name in sorted(names)}


def write(root: Path, variables: Mapping[str, str], manifests: set[str], digests: Mapping[str, str]) -> None:
    """Both files, each at once."""
    lines = ["# Written by tools/pin_images.py: docker compose --env-file deploy/pinned.env up -d"]
    lines += [f"{variable}={name}@{digests[name]}" for variable, name in sorted(variables.items())]
    replace(root / ENVIRONMENT, "\n".join(lines) + "\n")
    component = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "images": [{"name": name.rpartition(":")[0], "digest": digests[name]} for name in sorted(manifests)],
    }
    text = "# Written by tools/pin_images.py: components: [../../components/pinned] in an overlay.\n"
    replace(root / COMPONENT, text + yaml.safe_dump(component, sort_keys=False))


def replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(text, "utf-8")
    new.replace(path)


if __name__ == "__main__":
    raise SystemExit(main())
