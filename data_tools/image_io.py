"""Former path of `data_tools.sets.image_io`, for scripts that import it. New code imports from `data_tools`."""

from data_tools.sets.image_io import (
    read_header,
    read_instances,
    read_label,
    read_photo,
    read_storage,
    resize_label,
    resize_photo,
    write_label,
    write_photo,
)

__all__ = [
    "read_header",
    "read_instances",
    "read_label",
    "read_photo",
    "read_storage",
    "resize_label",
    "resize_photo",
    "write_label",
    "write_photo",
]
