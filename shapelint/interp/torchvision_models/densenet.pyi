"""DenseNet: https://docs.pytorch.org/vision/stable/models/densenet.html"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

class DenseBlock(nn.Module):
    """Its layers add channels and keep the sizes; only that is told."""

    def __init__(self, inner: int, growth: int, count: int) -> None:
        super().__init__()
        self._weight = torch.empty(inner + growth * count, inner, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.conv2d(x, self._weight)

def transition(inner: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            norm=nn.BatchNorm2d(inner),
            relu=nn.ReLU(inplace=True),
            conv=nn.Conv2d(inner, inner // 2, 1, bias=False),
            pool=nn.AvgPool2d(2, stride=2),
        )
    )

class DenseNet(nn.Module):
    def __init__(self, growth: int, counts: tuple[int, int, int, int], width: int, num_classes: int) -> None:
        super().__init__()
        first = width + growth * counts[0]
        second = first // 2 + growth * counts[1]
        third = second // 2 + growth * counts[2]
        last = third // 2 + growth * counts[3]
        self.features = nn.Sequential(
            OrderedDict(
                conv0=nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False),
                norm0=nn.BatchNorm2d(width),
                relu0=nn.ReLU(inplace=True),
                pool0=nn.MaxPool2d(3, stride=2, padding=1),
                denseblock1=DenseBlock(width, growth, counts[0]),
                transition1=transition(first),
                denseblock2=DenseBlock(first // 2, growth, counts[1]),
                transition2=transition(second),
                denseblock3=DenseBlock(second // 2, growth, counts[2]),
                transition3=transition(third),
                denseblock4=DenseBlock(third // 2, growth, counts[3]),
                norm5=nn.BatchNorm2d(last),
            )
        )
        self.classifier = nn.Linear(last, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.relu(self.features(x))
        return self.classifier(torch.flatten(nn.functional.adaptive_avg_pool2d(x, (1, 1)), 1))

def densenet121(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, drop_rate=0, memory_efficient=False
):
    return DenseNet(32, (6, 12, 24, 16), 64, num_classes)

def densenet161(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, drop_rate=0, memory_efficient=False
):
    return DenseNet(48, (6, 12, 36, 24), 96, num_classes)

def densenet169(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, drop_rate=0, memory_efficient=False
):
    return DenseNet(32, (6, 12, 32, 32), 64, num_classes)

def densenet201(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, drop_rate=0, memory_efficient=False
):
    return DenseNet(32, (6, 12, 48, 32), 64, num_classes)
