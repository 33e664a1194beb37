"""ConvNeXt: https://docs.pytorch.org/vision/stable/models/convnext.html"""

from torch import Tensor, nn

class Stage(nn.Module):
    """Blocks that keep the shape."""

    def forward(self, x: Tensor) -> Tensor:
        return x

class LayerNorm2d(nn.Module):
    """Norms the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

def smaller(inner: int, outer: int) -> nn.Sequential:
    return nn.Sequential(LayerNorm2d(inner), nn.Conv2d(inner, outer, 2, stride=2))

class ConvNeXt(nn.Module):
    def __init__(self, widths: tuple[int, int, int, int], num_classes: int) -> None:
        super().__init__()
        first, second, third, last = widths
        self.features = nn.Sequential(
            nn.Sequential(nn.Conv2d(3, first, 4, stride=4), LayerNorm2d(first)),
            Stage(),
            smaller(first, second),
            Stage(),
            smaller(second, third),
            Stage(),
            smaller(third, last),
            Stage(),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(LayerNorm2d(last), nn.Flatten(1), nn.Linear(last, num_classes))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)))

def convnext_tiny(pretrained=False, progress=True, *, weights=None, num_classes=1000, stochastic_depth_prob=0.0):
    return ConvNeXt((96, 192, 384, 768), num_classes)

def convnext_small(pretrained=False, progress=True, *, weights=None, num_classes=1000, stochastic_depth_prob=0.0):
    return ConvNeXt((96, 192, 384, 768), num_classes)

def convnext_base(pretrained=False, progress=True, *, weights=None, num_classes=1000, stochastic_depth_prob=0.0):
    return ConvNeXt((128, 256, 512, 1024), num_classes)

def convnext_large(pretrained=False, progress=True, *, weights=None, num_classes=1000, stochastic_depth_prob=0.0):
    return ConvNeXt((192, 384, 768, 1536), num_classes)
