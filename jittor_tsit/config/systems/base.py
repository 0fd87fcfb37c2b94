"""What the options of every system tell before Jittor is imported."""

from typing import Container, Dict

# Kinds of training data, keys of data.finders.FINDERS.
LABEL_MAPS = "label maps with photos"
IMAGE_PAIRS = "pairs of images"
DOMAINS = "two domains"
CONTENT_AND_STYLE = "contents and styles"
ATTRIBUTES = "photos with attributes"
ADAPTATION = "two domains with classes"

SOURCES = ("labels", "images")  # values of the option `source` of pix2pix and BicycleGAN


def kind_of_source(source: str) -> str:
    """Return the kind of data for a value of the option `source`."""
    return LABEL_MAPS if source == "labels" else IMAGE_PAIRS


class SystemConfig:
    """Base of the options of a system. Imports no Jittor, so that wrong options are refused before it is compiled."""

    # What a system can do; no options.
    warps_label_maps = False  # whether it reads data.warp
    takes_any_size = False  # whether its networks, once built, train on images of all sizes that `require_size` allows

    def data_kind(self) -> str:
        """Return the kind of the training data; empty: not known without the system."""
        return ""

    def require_size(self, height: int, width: int) -> None:
        """Check the size of the images, in pixels.

        Raises:
            InputError: The system cannot make images of this size. The message says which sizes it can make.
        """

    def weight_files(self, terms: Container[str]) -> Dict[str, str]:
        """Return the weight files that training reads: name of the option -> path.

        Args:
            terms: Names of the loss terms that have a weight in some phase of the run.

        Raises:
            InputError: A term needs a file, and its option is empty; or the system does not have the term.
        """
        return {}

    def hub_weights(self, terms: Container[str]) -> str:
        """Return the name of the network whose weights come from Jittor's hub, "vgg16" or "vgg19"; empty: none."""
        return ""
