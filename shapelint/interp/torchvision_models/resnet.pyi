"""ResNet, ResNeXt, Wide ResNet: https://docs.pytorch.org/vision/stable/models/resnet.html"""

import torch
from torch import Tensor, nn

class Block(nn.Module):
    """A residual block, of which only the shape is told: a convolution of 3 with padding 1 and one of 1 leave the same sizes."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self._weight = torch.empty(outer, inner, 1, 1)
        self._stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.conv2d(x, self._weight, stride=self._stride)

def stage(inner: int, outer: int, stride: int, count: int) -> nn.Sequential:
    return nn.Sequential(Block(inner, outer, stride), *[Block(outer, outer, 1)] * (count - 1))

class ResNet(nn.Module):
    def __init__(self, counts: tuple[int, int, int, int], expansion: int, num_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = stage(64, 64 * expansion, 1, counts[0])
        self.layer2 = stage(64 * expansion, 128 * expansion, 2, counts[1])
        self.layer3 = stage(128 * expansion, 256 * expansion, 2, counts[2])
        self.layer4 = stage(256 * expansion, 512 * expansion, 2, counts[3])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * expansion, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))

def resnet18(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, zero_init_residual=False, norm_layer=None
):
    return ResNet((2, 2, 2, 2), 1, num_classes)

def resnet34(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, zero_init_residual=False, norm_layer=None
):
    return ResNet((3, 4, 6, 3), 1, num_classes)

def resnet50(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, zero_init_residual=False, norm_layer=None
):
    return ResNet((3, 4, 6, 3), 4, num_classes)

def resnet101(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, zero_init_residual=False, norm_layer=None
):
    return ResNet((3, 4, 23, 3), 4, num_classes)

def resnet152(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, zero_init_residual=False, norm_layer=None
):
    return ResNet((3, 8, 36, 3), 4, num_classes)

def resnext50_32x4d(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, zero_init_residual=False, norm_layer=None
):
    return ResNet((3, 4, 6, 3), 4, num_classes)

def resnext101_32x8d(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, zero_init_residual=False, norm_layer=None
):
    return ResNet((3, 4, 23, 3), 4, num_classes)

def resnext101_64x4d(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, zero_init_residual=False, norm_layer=None
):
    return ResNet((3, 4, 23, 3), 4, num_classes)

def wide_resnet50_2(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, zero_init_residual=False, norm_layer=None
):
    return ResNet((3, 4, 6, 3), 4, num_classes)

def wide_resnet101_2(
    pretrained=False, progress=True, *, weights=None, num_classes=1000, zero_init_residual=False, norm_layer=None
):
    return ResNet((3, 4, 23, 3), 4, num_classes)
