"""Swin Transformer: https://docs.pytorch.org/vision/stable/models/swin_transformer.html"""

from torch import Tensor, nn
from untold import untold  # there is no such module: what it gives is not known

class Features(nn.Module):
    """Windows of patches; their sizes are not told."""

    def forward(self, x: Tensor) -> Tensor:
        return untold(x)

class SwinTransformer(nn.Module):
    def __init__(self, width: int, num_classes: int) -> None:
        super().__init__()
        self.features = Features()
        self.norm = nn.LayerNorm(width)
        self.permute = Features()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten(1)
        self.head = nn.Linear(width, num_classes)
        self._width = width

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x.new_empty(x.size(0), self._width))

def swin_t(pretrained=False, progress=True, *, weights=None, num_classes=1000):
    return SwinTransformer(768, num_classes)

def swin_v2_t(pretrained=False, progress=True, *, weights=None, num_classes=1000):
    return SwinTransformer(768, num_classes)

def swin_s(pretrained=False, progress=True, *, weights=None, num_classes=1000):
    return SwinTransformer(768, num_classes)

def swin_v2_s(pretrained=False, progress=True, *, weights=None, num_classes=1000):
    return SwinTransformer(768, num_classes)

def swin_b(pretrained=False, progress=True, *, weights=None, num_classes=1000):
    return SwinTransformer(1024, num_classes)

def swin_v2_b(pretrained=False, progress=True, *, weights=None, num_classes=1000):
    return SwinTransformer(1024, num_classes)
