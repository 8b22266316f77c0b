"""Copy the front-end packages into static/vendor and build the icon sprite.

    cd tools/vendor && npm install --no-package-lock && python vendor.py

Run it after changing package.json or icons.txt and commit what it writes: an installation never
needs npm. `python vendor.py PATH` takes the packages from another node_modules.
"""

import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VENDOR = ROOT / "static" / "vendor"
# A map that is not shipped would break the hashed names of the static files.
SOURCE_MAP = re.compile(r"\n?(/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*$")
COPIES = {
    "htmx": ("htmx.org", ["dist/htmx.min.js"]),
    "idiomorph": ("idiomorph", ["dist/idiomorph-ext.min.js"]),
    "uplot": ("uplot", ["dist/uPlot.iife.min.js", "dist/uPlot.min.css"]),
    "inter": ("@fontsource-variable/inter", ["files/inter-latin-wght-normal.woff2"]),
}


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix in (".js", ".css"):
        text = SOURCE_MAP.sub("", source.read_text(encoding="utf-8"))
        target.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    else:
        shutil.copyfile(source, target)


def bootstrap(package: Path) -> None:
    """Wrap the stylesheet in a layer, so that our own unlayered rules always win."""
    text = (package / "dist/css/bootstrap.min.css").read_text(encoding="utf-8")
    text = SOURCE_MAP.sub("", text).replace('@charset "UTF-8";', "")
    start = text.index("/*!")
    end = text.index("*/", start) + 2
    target = VENDOR / "bootstrap" / "bootstrap.layer.css"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        f"{text[start:end]}\n@layer bootstrap{{{text[end:].strip()}}}\n", encoding="utf-8"
    )


def symbol(package: Path, name: str) -> str:
    """Return one outline icon as a `<symbol>` of the sprite, without its invisible frame."""
    svg = (package / "icons" / "outline" / f"{name}.svg").read_text(encoding="utf-8")
    inner = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    inner = re.sub(r"^.*?<svg[^>]*>|</svg>\s*$|<path stroke=\"none\"[^>]*/>", "", inner, flags=re.S)
    inner = re.sub(r"\s+", " ", inner).replace("> <", "><").strip()
    return f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>'


def sprite(package: Path) -> None:
    names = sorted(set((HERE / "icons.txt").read_text(encoding="utf-8").split()))
    body = "\n".join(symbol(package, name) for name in names)
    target = VENDOR / "tabler" / "icons.svg"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n', encoding="utf-8"
    )


def licence(package: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(package / "LICENSE", target / "LICENSE")


def main() -> None:
    modules = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "node_modules"
    for name, (package, files) in COPIES.items():
        for file in files:
            copy(modules / package / file, VENDOR / name / Path(file).name)
        licence(modules / package, VENDOR / name)
    bootstrap(modules / "bootstrap")
    licence(modules / "bootstrap", VENDOR / "bootstrap")
    sprite(modules / "@tabler/icons")
    licence(modules / "@tabler/icons", VENDOR / "tabler")
    axe = ROOT / "tests" / "browser" / "vendor" / "axe-core"
    copy(modules / "axe-core" / "axe.min.js", axe / "axe.min.js")
    licence(modules / "axe-core", axe)
    shutil.copyfile(modules / "axe-core" / "LICENSE-3RD-PARTY.txt", axe / "LICENSE-3RD-PARTY.txt")


if __name__ == "__main__":
    main()
