"""Mean and standard deviation of ImageNet's photos, by which inputs of networks trained on it are normalised."""

MEAN = (0.485, 0.456, 0.406)  # of red, green and blue in [0, 1]
STD = (0.229, 0.224, 0.225)
