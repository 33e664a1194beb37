"""MobileNet V2 and V3: https://docs.pytorch.org/vision/stable/models/mobilenetv3.html"""

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

class MobileNetV2(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.last_channel = 1280
        self.features = stages(
            (32, 16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320, 1280),
            (2, 1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1),
            nn.ReLU6(inplace=True),
        )
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, num_classes))

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.adaptive_avg_pool2d(self.features(x), (1, 1))
        return self.classifier(torch.flatten(x, 1))

class MobileNetV3(nn.Module):
    def __init__(self, widths: tuple[int, ...], strides: tuple[int, ...], hidden: int, num_classes: int) -> None:
        super().__init__()
        self.features = stages(widths, strides, nn.Hardswish(inplace=True))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(widths[-1], hidden), nn.Hardswish(inplace=True), nn.Dropout(0.2), nn.Linear(hidden, num_classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))

def mobilenet_v2(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return MobileNetV2(num_classes)

def mobilenet_v3_large(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return MobileNetV3(
        (16, 16, 24, 24, 40, 40, 40, 80, 80, 80, 80, 112, 112, 160, 160, 160, 960),
        (2, 1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1),
        1280,
        num_classes,
    )

def mobilenet_v3_small(pretrained=False, progress=True, *, weights=None, num_classes=1000, dropout=0.2):
    return MobileNetV3(
        (16, 16, 24, 24, 40, 40, 40, 48, 48, 96, 96, 96, 576),
        (2, 2, 2, 1, 2, 1, 1, 1, 1, 2, 1, 1, 1),
        1024,
        num_classes,
    )
