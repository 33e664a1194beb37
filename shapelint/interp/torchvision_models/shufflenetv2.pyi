"""ShuffleNet V2: https://docs.pytorch.org/vision/stable/models/shufflenetv2.html"""

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

def convolution(inner: int, outer: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inner, outer, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outer),
        nn.ReLU(inplace=True),
    )

class ShuffleNetV2(nn.Module):
    def __init__(self, widths: tuple[int, int, int, int], num_classes: int) -> None:
        super().__init__()
        self.conv1 = convolution(3, 24, 3, 2)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.stage2 = Stage(24, widths[0], 2)
        self.stage3 = Stage(widths[0], widths[1], 2)
        self.stage4 = Stage(widths[1], widths[2], 2)
        self.conv5 = convolution(widths[2], widths[3], 1, 1)
        self.fc = nn.Linear(widths[3], num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stage4(self.stage3(self.stage2(self.maxpool(self.conv1(x)))))
        return self.fc(self.conv5(x).mean([2, 3]))

def shufflenet_v2_x0_5(pretrained=False, progress=True, *, weights=None, num_classes=1000):
    return ShuffleNetV2((48, 96, 192, 1024), num_classes)

def shufflenet_v2_x1_0(pretrained=False, progress=True, *, weights=None, num_classes=1000):
    return ShuffleNetV2((116, 232, 464, 1024), num_classes)

def shufflenet_v2_x1_5(pretrained=False, progress=True, *, weights=None, num_classes=1000):
    return ShuffleNetV2((176, 352, 704, 1024), num_classes)

def shufflenet_v2_x2_0(pretrained=False, progress=True, *, weights=None, num_classes=1000):
    return ShuffleNetV2((244, 488, 976, 2048), num_classes)
