"""Inception v3 and GoogLeNet: https://docs.pytorch.org/vision/stable/models/inception.html

In training with auxiliary heads they give a tuple, else a tensor: the result is not told.
"""

from torch import Tensor, nn
from untold import untold  # there is no such module: what it gives is not known

class Auxiliary(nn.Module):
    def __init__(self, width: int, num_classes: int) -> None:
        super().__init__()
        self.fc = nn.Linear(width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return untold(x)

class Features(nn.Module):
    """A part of which nothing is told."""

    def forward(self, x: Tensor) -> Tensor:
        return untold(x)

class Inception3(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Features()
        self.Conv2d_2a_3x3 = Features()
        self.Conv2d_2b_3x3 = Features()
        self.maxpool1 = Features()
        self.Conv2d_3b_1x1 = Features()
        self.Conv2d_4a_3x3 = Features()
        self.maxpool2 = Features()
        self.Mixed_5b = Features()
        self.Mixed_5c = Features()
        self.Mixed_5d = Features()
        self.Mixed_6a = Features()
        self.Mixed_6b = Features()
        self.Mixed_6c = Features()
        self.Mixed_6d = Features()
        self.Mixed_6e = Features()
        self.AuxLogits = Auxiliary(768, num_classes)
        self.Mixed_7a = Features()
        self.Mixed_7b = Features()
        self.Mixed_7c = Features()
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout()
        self.fc = nn.Linear(2048, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return untold(x)

class GoogLeNet(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.conv1 = Features()
        self.maxpool1 = Features()
        self.conv2 = Features()
        self.conv3 = Features()
        self.maxpool2 = Features()
        self.inception3a = Features()
        self.inception3b = Features()
        self.maxpool3 = Features()
        self.inception4a = Features()
        self.inception4b = Features()
        self.inception4c = Features()
        self.inception4d = Features()
        self.inception4e = Features()
        self.maxpool4 = Features()
        self.inception5a = Features()
        self.inception5b = Features()
        self.aux1 = Features()
        self.aux2 = Features()
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout()
        self.fc = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return untold(x)

def inception_v3(
    pretrained=False,
    progress=True,
    *,
    weights=None,
    num_classes=1000,
    aux_logits=True,
    transform_input=False,
    init_weights=None,
    dropout=0.5,
):
    return Inception3(num_classes)

def googlenet(
    pretrained=False,
    progress=True,
    *,
    weights=None,
    num_classes=1000,
    aux_logits=True,
    transform_input=False,
    init_weights=None,
    dropout=0.5,
):
    return GoogLeNet(num_classes)
