# SPDX-License-Identifier: BSD-3-Clause
"""Builds the Python package (PEP 517, PEP 660): the C library by its Makefile, then a wheel that holds both.

    pip install ./bindings/python              pip wheel ./bindings/python              python -m build bindings/python

The library is built in bindings/python/build/, apart from the tree's own build, with OpenBLAS linked statically where
there is a libopenblas.a (macOS: Accelerate), so that the wheel needs the C library of the system alone: `auditwheel
show` says so. Where there is none it is linked to the system's BLAS, and `auditwheel repair` can bundle that.
LIBGRASP_CONFIGURE in the environment replaces the choice, as in LIBGRASP_CONFIGURE="--with-blas=mkl". The version
stands in include/grasp/base.h.
"""
import base64
import hashlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
# A source distribution brings the C sources along.
ROOT = HERE / "source" if (HERE / "source").is_dir() else HERE.parents[1]
SOURCES = ("Makefile", "configure.ac", "configure", "config.mk.in", "grasp.pc.in", "COPYING", "include", "lib")
DARWIN = sys.platform == "darwin"
EXTRAS = {"sklearn": ["scikit-learn"], "torch": ["torch>=2.0"], "progress": ["tqdm"], "plot": ["matplotlib"]}


def version():
    header = (ROOT / "include/grasp/base.h").read_text(encoding="utf-8")
    return re.search(r'^#define GRASP_VERSION_STRING "(.*)"', header, re.M).group(1)


def metadata():
    lines = [
        "Metadata-Version: 2.1",
        "Name: libgrasp",
        f"Version: {version()}",
        "Summary: Finds the groups a model fails on by clustering gradients, and trains for the worst of them",
        "License: BSD-3-Clause",
        "Requires-Python: >=3.9",
        "Requires-Dist: numpy>=1.20",
        "Classifier: License :: OSI Approved :: BSD License",
        "Classifier: Programming Language :: Python :: 3",
        "Classifier: Programming Language :: C",
        "Classifier: Topic :: Scientific/Engineering",
        "Classifier: Typing :: Typed",
    ]
    for extra, requirements in EXTRAS.items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f'Requires-Dist: {requirement}; extra == "{extra}"' for requirement in requirements]
    lines.append("Description-Content-Type: text/markdown")
    return "\n".join(lines) + "\n\n" + (HERE / "README.md").read_text(encoding="utf-8")


# ---- the C library ---------------------------------------------------------------------------------------------------

def run(folder, *command):
    print("+", " ".join(command), flush=True)
    environment = dict(os.environ)
    environment.setdefault("CFLAGS", "-O3")
    if not DARWIN:
        environment.setdefault("LDFLAGS", "-Wl,-s")
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"):
        environment.pop(name, None)
    return subprocess.run(command, cwd=folder, env=environment).returncode == 0


def choices():
    """What configure may be told, best first."""
    if "LIBGRASP_CONFIGURE" in os.environ:
        return [os.environ["LIBGRASP_CONFIGURE"]]
    if DARWIN:
        return ["--with-blas=accelerate", "--with-blas=auto"]
    compiler = os.environ.get("CC", "cc").split()
    try:
        found = subprocess.run(compiler + ["-print-file-name=libopenblas.a"], stdout=subprocess.PIPE, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ["--with-blas=auto"]
    archive = found.decode().strip()
    return ([f"--with-blas=openblas BLAS_LIBS='{archive} -lm -lpthread'"] if os.path.isabs(archive) else []) + [
        "--with-blas=auto"
    ]


def library():
    """Builds the shared library and says where it is."""
    work = HERE / "build" / "source"
    for name in SOURCES:
        source, target = ROOT / name, work / name
        if source.is_dir():
            for old in [p for p in target.rglob("*") if p.is_file() and not (source / p.relative_to(target)).exists()]:
                old.unlink()
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    jobs = f"-j{os.cpu_count() or 1}"
    for configure in choices():
        for stale in ("config.mk", "config.status"):
            (work / stale).unlink() if (work / stale).exists() else None
        if run(work, "make", jobs, f"CONFIGURE={configure}", "lib"):
            (built,) = (work / "build/release").glob(
                f"libgrasp.{version()}.dylib" if DARWIN else f"libgrasp.so.{version()}"
            )
            return built
    sys.exit("libgrasp: the C library could not be built; it needs make, a C compiler, autoconf and a BLAS "
             "(on Debian: apt install build-essential autoconf libopenblas-dev)")


# ---- wheels ----------------------------------------------------------------------------------------------------------

def write_wheel(folder, files, tag):
    """files: name in the wheel -> bytes."""
    info = f"libgrasp-{version()}.dist-info"
    files = dict(files)
    files[f"{info}/METADATA"] = metadata().encode()
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: build_libgrasp\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    )
    files[f"{info}/COPYING"] = (ROOT / "COPYING").read_bytes()
    record = ""
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    name = f"libgrasp-{version()}-{tag}.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, (2000, 1, 1, 0, 0, 0))  # the same wheel from the same sources
            entry.external_attr = (0o755 if ".so" in path or ".dylib" in path else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, content)
    return name


def package():
    return {
        f"libgrasp/{p.name}": p.read_bytes()
        for p in sorted((HERE / "libgrasp").iterdir())
        if p.suffix == ".py" or p.name == "py.typed"
    }


def tag():
    return "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    built = library()
    name = "libgrasp.0.dylib" if DARWIN else "libgrasp.so.0"
    return write_wheel(wheel_directory, {**package(), f"libgrasp/{name}": built.read_bytes()}, tag())


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """The package where it lies; the library is the tree's own, of `make`."""
    if not run(ROOT, "make", f"-j{os.cpu_count() or 1}", "lib"):
        sys.exit("libgrasp: `make lib` failed")
    return write_wheel(wheel_directory, {"__editable__libgrasp.pth": f"{HERE}\n".encode()}, tag())


def build_sdist(sdist_directory, config_settings=None):
    """The package with the C sources in source/."""
    base = f"libgrasp-{version()}"
    with tarfile.open(pathlib.Path(sdist_directory) / f"{base}.tar.gz", "w:gz") as archive:
        for name in ("pyproject.toml", "build_libgrasp.py", "README.md", "libgrasp", "tests", "examples"):
            archive.add(
                HERE / name, f"{base}/{name}", filter=lambda entry: None if "__pycache__" in entry.name else entry
            )
        for name in SOURCES:
            if (ROOT / name).exists():
                archive.add(ROOT / name, f"{base}/source/{name}")
        text = metadata().encode()
        entry = tarfile.TarInfo(f"{base}/PKG-INFO")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return f"{base}.tar.gz"


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    info = pathlib.Path(metadata_directory) / f"libgrasp-{version()}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(metadata(), encoding="utf-8")
    return info.name


def get_requires_for_build_wheel(config_settings=None):
    return []


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel
get_requires_for_build_sdist = get_requires_for_build_editable = get_requires_for_build_wheel
