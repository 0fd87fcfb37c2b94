"""The kinds of files that a folder may contain, each with the lines that `check` must print about it."""

import os

import numpy as np

from helpers.hostile_files import (
    HEIGHT,
    WIDTH,
    animation,
    exif,
    folder,
    halved,
    label,
    label_saved,
    linked,
    pair_named,
    photo,
    photo_array,
    photo_bytes,
    photo_saved,
    pixels,
    png,
    put_label,
    put_pair,
    put_photo,
    several,
)

GREY = pixels()[..., 0]
DEEP_PNG = png(WIDTH, HEIGHT, 16, 2, (b"\0" + bytes(6 * WIDTH)) * HEIGHT)
FOUR_BIT_PNG = png(WIDTH, HEIGHT, 4, 0, (b"\0" + bytes(WIDTH // 2)) * HEIGHT)
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 24 16\n%%EndComments\n"
AVIF = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(40)
BLANK = "name begins or ends with a space, which a split list cannot hold; rename the pair"
BREAK = "name holds a line break or control character; rename the pair"

BROKEN_FILES = [
    ("empty", photo_bytes(b""), [("broken", "imgs/x.jpg", "is empty (0 bytes)")]),
    ("no-image", photo_bytes(b"hello"), [("broken", "imgs/x.jpg", "is not an image")]),
    ("eps", photo_bytes(EPS), [("broken", "imgs/x.jpg", "is not an image")]),
    ("damaged-avif", photo_bytes(AVIF), [("broken", "imgs/x.jpg", "is not an image")]),
    ("short-jpeg", halved("imgs", "x.jpg"), [("broken", "imgs/x.jpg", "is damaged")]),
    ("short-label", halved("labels", "x.png"), [("broken", "labels/x.png", "is damaged")]),
    ("bomb", photo_bytes(png(50000, 50000, 8, 2, b"")), [("broken", "imgs/x.jpg", "pixels")]),
    ("over-limit", photo_bytes(png(12000, 10000, 8, 2, b"")), [("broken", "imgs/x.jpg", "12000x10000 pixels")]),
    ("animated-gif", animation("GIF"), [("broken", "imgs/x.png", "is animated or has pages (2 frames)")]),
    ("animated-png", animation("PNG"), [("broken", "imgs/x.png", "is animated or has pages (2 frames)")]),
    ("loop-photo", linked("imgs", "x.jpg", "x.jpg"), [("broken", "imgs/x.jpg", "Too many levels of symbolic links")]),
    ("loop-label", linked("labels", "x.png", "x.png"), [("broken", "labels/x.png", "Too many levels")]),
    ("dangling", linked("imgs", "x.jpg", "no/where"), [("broken", "imgs/x.jpg", "cannot be read: No such file")]),
    (
        "pipe",
        several(label("x.png"), lambda root: os.mkfifo(root / "imgs/x.jpg")),
        [("broken", "imgs/x.jpg", "is not a regular file")],
    ),
    (
        "label-range",
        lambda root: (put_photo(root), put_label(root, id=300)),
        [("broken", "labels/x.png", "class id 300")],
    ),
    ("label-rgb", label_saved(pixels()), [("broken", "labels/x.png", "is a colour picture")]),
    ("label-1-bit", label_saved(GREY, "1"), [("broken", "labels/x.png", "has mode 1")]),
    (
        "label-4-bit",
        several(photo("x.jpg"), lambda root: (root / "labels/x.png").write_bytes(FOUR_BIT_PNG)),
        [("broken", "labels/x.png", "is grey of 4 bits")],
    ),
    ("label-jpeg", label_saved(GREY, format="JPEG"), [("broken", "labels/x.png", "is a JPEG")]),
    (
        "other-proportions",
        lambda root: (put_label(root), put_photo(root, width=30)),
        [("broken", "imgs/x.jpg", "30x16 has other proportions than its label, 24x16")],
    ),
    (
        "turned-off-its-label",
        photo_array(pixels(), "x.jpg", exif=exif(6)),
        [("broken", "imgs/x.jpg", "16x24 has other proportions than its label, 24x16")],
    ),
]

BROKEN_LAYOUTS = [
    ("lone-photo", photo("x.jpg"), [("broken", "imgs/x.jpg", "has no label")]),
    ("lone-label", label("x.png"), [("broken", "labels/x.png", "has no photo")]),
    (
        "two-photos",
        several(photo("x.jpg"), photo("x.png"), label("x.png")),
        [("broken", "imgs", "x.jpg and x.png have the same stem; keep one of them")],
    ),
    (
        "three-photos",
        several(photo("x.jpg"), photo("x.jpeg"), photo("x.png"), label("x.png")),
        [("broken", "imgs", "x.jpeg, x.jpg and x.png have the same stem")],
    ),
    (
        "two-labels",
        several(photo("x.jpg"), label("x.png"), label("x.PNG")),
        [("broken", "labels", "x.PNG and x.png have the same stem")],
    ),
    (
        "two-of-each",
        several(photo("x.jpg"), photo("x.png"), label("x.png"), label("x.PNG")),
        [
            ("broken", "imgs", "x.jpg and x.png have the same stem; keep one of them; "),
        ],
    ),
    ("newline", pair_named("x\ny"), [("broken", "imgs/x\\ny.jpg", BREAK)]),
    ("escape", pair_named("x\x1b[2J"), [("broken", "imgs/x\\x1b[2J.jpg", BREAK)]),
    ("next-line", pair_named("x\x85"), [("broken", "imgs/x\\x85.jpg", BREAK)]),
    ("line-separator", pair_named("x\u2028y"), [("broken", "imgs/x\\u2028y.jpg", BREAK)]),
    ("not-utf-8", pair_named(os.fsdecode(b"x\xff")), [("broken", "imgs/x\\udcff.jpg", "name is not UTF-8")]),
    ("leading-blank", pair_named(" x"), [("broken", "imgs/ x.jpg", BLANK)]),
    ("trailing-blank", pair_named("x "), [("broken", "imgs/x .jpg", BLANK)]),
    ("trailing-no-break-space", pair_named("x\xa0"), [("broken", "imgs/x\\xa0.jpg", BLANK)]),
    ("leading-hash", pair_named("#x"), [("broken", "imgs/#x.jpg", "name begins with #")]),
    ("byte-order-mark", pair_named("\ufeffx"), [("broken", "imgs/\\ufeffx.jpg", "name begins with \\ufeff")]),
    ("strange-and-lone", photo("x\n.jpg"), [("broken", "imgs/x\\n.jpg", BREAK)]),
]

ODD = [
    ("cmyk", photo_saved("CMYK", "x.jpg"), [("odd", "imgs/x.jpg", "is CMYK (becomes RGB without a colour profile)")]),
    ("grey", photo_saved("L"), [("odd", "imgs/x.png", "is grey (becomes RGB)")]),
    ("palette", photo_saved("P"), [("odd", "imgs/x.png", "has a palette (its colours become RGB)")]),
    ("1-bit", photo_saved("1"), [("odd", "imgs/x.png", "is black and white (becomes RGB)")]),
    ("alpha", photo_saved("RGBA"), [("odd", "imgs/x.png", "has an alpha channel (transparent parts become white)")]),
    ("grey-alpha", photo_saved("LA"), [("odd", "imgs/x.png", "is grey (becomes RGB), has an alpha channel")]),
    (
        "palette-alpha",
        photo_saved("P", transparency=0),
        [("odd", "imgs/x.png", "has a palette (its colours become RGB), has an alpha channel")],
    ),
    (
        "16-bit-grey",
        photo_array(GREY.astype(np.uint16)),
        [
            (
                "odd",
                "imgs/x.png",
                "is grey (becomes RGB), has 16 bits a channel and uses 8 (the upper 8 of these are kept)",
            )
        ],
    ),
    ("16-bit-rgb", photo_bytes(DEEP_PNG), [("odd", "imgs/x.jpg", "has 16 bits a channel (the upper 8 are kept)")]),
    (
        "32-bit",
        photo_array(GREY.astype(np.int32), format="TIFF"),
        [("odd", "imgs/x.png", "is grey (becomes RGB), has 32 bits a channel and uses 8")],
    ),
    (
        "fractions",
        photo_array(GREY.astype(np.float32), format="TIFF"),
        [("broken", "imgs/x.png", "holds 32-bit fractions; a photo has whole numbers of 8 to 16 bits")],
    ),
    (
        "exif-upside-down",
        photo_array(pixels(), "x.jpg", exif=exif(3)),
        [("odd", "imgs/x.jpg", "has EXIF orientation 3 (it is turned upright, and its label is not)")],
    ),
    (
        "exif-on-its-side",
        photo_array(pixels(WIDTH, HEIGHT), "x.jpg", exif=exif(6)),
        [("odd", "imgs/x.jpg", "has EXIF orientation 6")],
    ),
    ("label-palette", label_saved(GREY % 29, "P"), [("odd", "labels/x.png", "has a palette (its indices are the ids")]),
    (
        "label-32-bit",
        label_saved((GREY % 29).astype(np.int32), format="TIFF"),
        [("odd", "labels/x.png", "has 32 bits (8 or 16 are usual)")],
    ),
    (
        "label-exif",
        label_saved(GREY % 29, exif=exif(3)),
        [("odd", "labels/x.png", "has EXIF orientation 3 (a label map is never turned)")],
    ),
    (
        "both-files",
        several(photo_saved("L"), label_saved(GREY % 29, "P"), lambda root: (root / "imgs/x.jpg").unlink()),
        [("odd", "imgs/x.png", "is grey (becomes RGB); ")],
    ),
    ("sub-folder", folder("imgs/more"), [("odd", "imgs/more", "is a folder; data sets are flat")]),
    ("sub-folder-like-a-label", folder("labels/x.png"), [("odd", "labels/x.png", "is a folder")]),
    ("sub-folder-with-newline", folder("imgs/m\nn"), [("odd", "imgs/m\\nn", "is a folder")]),
    (
        "linked-folder",
        linked("imgs", "x.jpg", "."),
        [("broken", "labels/x.png", "has no photo"), ("odd", "imgs/x.jpg", "is a folder")],
    ),
    (
        "heic",
        photo_bytes(b"", "x.heic"),
        [
            ("broken", "labels/x.png", "has no photo; "),
            ("odd", "imgs/x.heic", "does not end as an image does and is not read; images end in .jpg, .jpeg, "),
        ],
    ),
    (
        "gif-beside-a-pair",
        several(lambda root: put_pair(root), photo_saved("RGB", "x.gif")),
        [("odd", "imgs/x.gif", "does not end as an image does")],
    ),
    (
        "jpg-among-labels",
        lambda root: (put_pair(root), (root / "labels/x.jpg").write_bytes(b"")),
        [("odd", "labels/x.jpg", "is a JPEG, whose compression changes ids, and is not read")],
    ),
    (
        "no-suffix",
        photo_bytes(b"", "notes"),
        [("broken", "labels/x.png", "has no photo"), ("odd", "imgs/notes", "does not end as an image does")],
    ),
]

FINE = [
    ("spaces", pair_named("a long  name"), []),
    ("unicode", pair_named("山と湖 é 🏔"), []),
    ("quotes", pair_named('it\'s "#1" \\n & $x; *'), []),
    ("hidden", several(photo(".x.jpg"), label("._y.png"), folder("imgs/.thumbs")), []),
    ("label-16-bit", label_saved((GREY % 29).astype(np.uint16)), []),
    ("reference-names", lambda root: (root / "labels/label_to_img.json").write_text("{}"), []),
]

KINDS = BROKEN_FILES + BROKEN_LAYOUTS + ODD + FINE
