"""How networks trained on ImageNet want their photos, as torchvision and most others have it."""

MEAN = (0.485, 0.456, 0.406)  # of red, green and blue in [0, 1]
STD = (0.229, 0.224, 0.225)
