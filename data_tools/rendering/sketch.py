"""Draw shapes that are given in units of the scene, antialiased, and paste them into the picture."""

from __future__ import annotations

from typing import Callable, List, Sequence, Tuple

from PIL import Image, ImageDraw

from data_tools.rendering.canvas import Canvas

Point = Tuple[float, ...]
Color = Tuple[float, float, float]  # sRGB, 0..1

_FINENESS = 3  # supersampling factor of shapes, for antialiasing


class Sketch:
    """A list of shapes (polygons, lines, discs) of one thing. `paste` draws them together into a picture.

    Args:
        project: Maps a point of `polygon`, `line` or `disc` to (column, row) in the picture.
        scale: Pixels in a unit, for line widths and radii.
    """

    def __init__(self, project: Callable[..., Tuple[float, float]], scale: float):
        self.project, self.scale = project, scale
        self.shapes: List[Tuple[str, list, Color, float]] = []

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        """Add a filled polygon."""
        self.shapes.append(("polygon", [self.project(*p) for p in points], color, 0))

    def box(self, left: float, bottom: float, right: float, top: float, color: Color) -> None:
        """Add a filled rectangle with these edges, in the coordinates of `polygon`; top is above bottom."""
        self.polygon([(left, bottom), (right, bottom), (right, top), (left, top)], color)

    def line(self, points: Sequence[Point], color: Color, width: float) -> None:
        """Add a line through points; `width` is in units."""
        self.shapes.append(("line", [self.project(*p) for p in points], color, width * self.scale))

    def disc(self, center: Point, radius: float, color: Color, flatten: float = 1.0) -> None:
        """Add a filled ellipse; `flatten` is its height divided by its width."""
        x, y = self.project(*center)
        r = radius * self.scale
        self.shapes.append(("ellipse", [(x - r, y - r * flatten), (x + r, y + r * flatten)], color, 0))

    def paste(self, canvas: Canvas, depth: float, name: str) -> None:
        """Draw all shapes into the canvas, in the order of their adding, as a thing of the class `name` at `depth`."""
        box = self._bounds(canvas)
        if box is None:
            return
        left, top, right, bottom = box
        sheet = Image.new("RGBA", ((right - left) * _FINENESS, (bottom - top) * _FINENESS))
        draw = ImageDraw.Draw(sheet)
        for kind, points, color, width in self.shapes:
            self._draw(draw, kind, [((x - left) * _FINENESS, (y - top) * _FINENESS) for x, y in points], color, width)
        canvas.paste(sheet.reduce(_FINENESS), left, top, depth, name)

    @staticmethod
    def _draw(draw: ImageDraw.ImageDraw, kind: str, points: list, color: Color, width: float) -> None:
        fill = (*(int(255 * min(max(c, 0), 1)) for c in color), 255)
        if kind == "polygon":
            draw.polygon(points, fill=fill)
        elif kind == "ellipse":
            draw.ellipse([*points[0], *points[1]], fill=fill)
        else:
            draw.line(points, fill=fill, width=max(1, round(width * _FINENESS)))

    def _bounds(self, canvas: Canvas):
        """Return left, top, right, bottom of the shapes in whole pixels, cut at the canvas; None if all are outside."""
        columns = [x for _, points, _, _ in self.shapes for x, _ in points]
        rows = [y for _, points, _, _ in self.shapes for _, y in points]
        if not columns:
            return None
        left, right = max(int(min(columns)) - 2, 0), min(int(max(columns)) + 3, canvas.camera.width)
        top, bottom = max(int(min(rows)) - 2, 0), min(int(max(rows)) + 3, canvas.camera.height)
        return (left, top, right, bottom) if left < right and top < bottom else None


def upright(canvas: Canvas, column: float, row: float, depth: float, size: float, flip: bool = False) -> Sketch:
    """Return a sketch for a thing that stands on a pixel.

    Its coordinates are x to the right (to the left with `flip`) and y upwards; 1 is `size` units.
    """
    scale = canvas.pixels_per_unit(depth) * size
    side = -1 if flip else 1
    return Sketch(lambda x, y: (column + side * x * scale, row + 1 - y * scale), scale)


def in_space(canvas: Canvas, depth: float) -> Sketch:
    """Return an empty sketch whose points are points (x, y, z) of the scene. Line widths are scaled for `depth`."""
    return Sketch(canvas.on_screen, canvas.pixels_per_unit(depth))


def shade(color: Color, factor: float) -> Color:
    """Return the colour with each channel multiplied by `factor`. Values are not limited to 1."""
    return color[0] * factor, color[1] * factor, color[2] * factor
