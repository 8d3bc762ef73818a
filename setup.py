"""The one part that is compiled: the packet path in C. Without a compiler the package is whole, and slower."""

import sys

from setuptools import setup
from setuptools.command.build_ext import build_ext

EXTENSIONS = []
if sys.platform == "linux":
    try:
        sys.path.insert(0, "conferencing/media/fast")
        from build import builder  # type: ignore[import-not-found]

        extension = builder().distutils_extension(tmpdir="build/cffi")
        extension.py_limited_api = True
        extension.optional = True
        EXTENSIONS.append(extension)
    except ImportError as error:
        sys.stderr.write(f"the packet path in C is left out: {error}\n")


class OptionalBuild(build_ext):
    """A compiler that is missing is said, and nothing more."""

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:  # noqa: BLE001 - whatever a foreign compiler does, the package works without it
            sys.stderr.write(f"the packet path in C is left out: {error}\n")


setup(ext_modules=EXTENSIONS, cmdclass={"build_ext": OptionalBuild})
