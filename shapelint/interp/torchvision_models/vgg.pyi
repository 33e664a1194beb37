"""VGG: https://docs.pytorch.org/vision/stable/models/vgg.html"""

import torch
from torch import Tensor, nn

def convolutions(widths: tuple[tuple[int, ...], ...], norm: bool) -> nn.Sequential:
    layers = []
    inner = 3
    for stage in widths:
        for width in stage:
            layers.append(nn.Conv2d(inner, width, 3, padding=1))
            if norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU(inplace=True))
            inner = width
        layers.append(nn.MaxPool2d(2, stride=2))
    return nn.Sequential(*layers)

class VGG(nn.Module):
    def __init__(self, widths: tuple[tuple[int, ...], ...], norm: bool, num_classes: int) -> None:
        super().__init__()
        self.features = convolutions(widths, norm)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(True),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(True),
            nn.Dropout(),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))

VGG11 = ((64,), (128,), (256, 256), (512, 512), (512, 512))

VGG13 = ((64, 64), (128, 128), (256, 256), (512, 512), (512, 512))

VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))

VGG19 = ((64, 64), (128, 128), (256, 256, 256, 256), (512, 512, 512, 512), (512, 512, 512, 512))

def vgg11(pretrained=False, progress=True, *, weights=None, num_classes=1000, init_weights=True, dropout=0.5):
    return VGG(VGG11, False, num_classes)

def vgg11_bn(pretrained=False, progress=True, *, weights=None, num_classes=1000, init_weights=True, dropout=0.5):
    return VGG(VGG11, True, num_classes)

def vgg13(pretrained=False, progress=True, *, weights=None, num_classes=1000, init_weights=True, dropout=0.5):
    return VGG(VGG13, False, num_classes)

def vgg13_bn(pretrained=False, progress=True, *, weights=None, num_classes=1000, init_weights=True, dropout=0.5):
    return VGG(VGG13, True, num_classes)

def vgg16(pretrained=False, progress=True, *, weights=None, num_classes=1000, init_weights=True, dropout=0.5):
    return VGG(VGG16, False, num_classes)

def vgg16_bn(pretrained=False, progress=True, *, weights=None, num_classes=1000, init_weights=True, dropout=0.5):
    return VGG(VGG16, True, num_classes)

def vgg19(pretrained=False, progress=True, *, weights=None, num_classes=1000, init_weights=True, dropout=0.5):
    return VGG(VGG19, False, num_classes)

def vgg19_bn(pretrained=False, progress=True, *, weights=None, num_classes=1000, init_weights=True, dropout=0.5):
    return VGG(VGG19, True, num_classes)
