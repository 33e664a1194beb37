"""EfficientNet and EfficientNet V2: https://docs.pytorch.org/vision/stable/models/efficientnet.html"""

import torch
from torch import Tensor, nn

class Stage(nn.Module):
    """Convolutions that keep the sizes but for one stride; only the shape is told."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self._weight = torch.empty(outer, inner, 1, 1)
        self._stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.conv2d(x, self._weight, stride=self._stride)

def stem(inner: int, outer: int, kernel: int, stride: int, activation: nn.Module) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inner, outer, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outer),
        activation,
    )

def stages(widths: tuple[int, ...], strides: tuple[int, ...], activation: nn.Module) -> nn.Sequential:
    """A convolution, stages, and a convolution of 1."""
    between = [Stage(a, b, s) for a, b, s in zip(widths[:-2], widths[1:-1], strides[1:-1])]
    first, last = stem(3, widths[0], 3, strides[0], activation), stem(widths[-2], widths[-1], 1, 1, activation)
    return nn.Sequential(first, *between, last)

class EfficientNet(nn.Module):
    def __init__(self, widths: tuple[int, ...], num_classes: int) -> None:
        super().__init__()
        strides = (2, 1, 2, 2, 2, 1, 2, 1, 1) if len(widths) == 9 else (2, 1, 2, 2, 2, 1, 2, 1)
        self.features = stages(widths, strides, nn.SiLU(inplace=True))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2, inplace=True), nn.Linear(widths[-1], num_classes))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))

def efficientnet_b0(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return EfficientNet((32, 16, 24, 40, 80, 112, 192, 320, 1280), num_classes)

def efficientnet_b1(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return EfficientNet((32, 16, 24, 40, 80, 112, 192, 320, 1280), num_classes)

def efficientnet_b2(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return EfficientNet((32, 16, 24, 48, 88, 120, 208, 352, 1408), num_classes)

def efficientnet_b3(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return EfficientNet((40, 24, 32, 48, 96, 136, 232, 384, 1536), num_classes)

def efficientnet_b4(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return EfficientNet((48, 24, 32, 56, 112, 160, 272, 448, 1792), num_classes)

def efficientnet_b5(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return EfficientNet((48, 24, 40, 64, 128, 176, 304, 512, 2048), num_classes)

def efficientnet_b6(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return EfficientNet((56, 32, 40, 72, 144, 200, 344, 576, 2304), num_classes)

def efficientnet_b7(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return EfficientNet((64, 32, 48, 80, 160, 224, 384, 640, 2560), num_classes)

def efficientnet_v2_s(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return EfficientNet((24, 24, 48, 64, 128, 160, 256, 1280), num_classes)

def efficientnet_v2_m(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return EfficientNet((24, 24, 48, 80, 160, 176, 304, 512, 1280), num_classes)

def efficientnet_v2_l(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return EfficientNet((32, 32, 64, 96, 192, 224, 384, 640, 1280), num_classes)
