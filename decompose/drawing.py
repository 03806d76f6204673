"""A picture of a state, as plain values: whoever shows it needs to know nothing of the task."""

import msgspec


class Shape(msgspec.Struct, frozen=True, array_like=True):
    """A rectangle of a drawing, in the drawing's own units, with y pointing down.

    Attributes:
        name: The same from picture to picture, so that a player sees what moved.
        x: Left edge.
        y: Upper edge.
        width: Of the rectangle.
        height: Of the rectangle.
        hue: Colour, in degrees on the colour circle; negative for grey.
    """

    name: str
    x: float
    y: float
    width: float
    height: float
    hue: int = -1


class Drawing(msgspec.Struct, frozen=True):
    """A picture of one state, made of rectangles.

    Attributes:
        width: Of the canvas.
        height: Of the canvas.
        shapes: In the order painted.
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]
