"""Vision Transformer: https://docs.pytorch.org/vision/stable/models/vision_transformer.html"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

class Encoder(nn.Module):
    """Keeps the shape of its tokens."""

    def forward(self, x: Tensor) -> Tensor:
        return x

class VisionTransformer(nn.Module):
    def __init__(self, patch_size: int, hidden_dim: int, num_classes: int) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.hidden_dim = hidden_dim
        self.num_classes = num_classes
        self.conv_proj = nn.Conv2d(3, hidden_dim, patch_size, stride=patch_size)
        self.class_token = nn.Parameter(torch.zeros(1, 1, hidden_dim))
        self.encoder = Encoder()
        self.heads = nn.Sequential(OrderedDict(head=nn.Linear(hidden_dim, num_classes)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_proj(x).flatten(2).permute(0, 2, 1)
        x = self.encoder(torch.cat([self.class_token.expand(x.size(0), -1, -1), x], 1))
        return self.heads(x[:, 0])

def vit_b_16(
    pretrained=False,
    progress=True,
    *,
    weights=None,
    num_classes=1000,
    image_size=224,
    dropout=0.0,
    attention_dropout=0.0,
):
    return VisionTransformer(16, 768, num_classes)

def vit_b_32(
    pretrained=False,
    progress=True,
    *,
    weights=None,
    num_classes=1000,
    image_size=224,
    dropout=0.0,
    attention_dropout=0.0,
):
    return VisionTransformer(32, 768, num_classes)

def vit_l_16(
    pretrained=False,
    progress=True,
    *,
    weights=None,
    num_classes=1000,
    image_size=224,
    dropout=0.0,
    attention_dropout=0.0,
):
    return VisionTransformer(16, 1024, num_classes)

def vit_l_32(
    pretrained=False,
    progress=True,
    *,
    weights=None,
    num_classes=1000,
    image_size=224,
    dropout=0.0,
    attention_dropout=0.0,
):
    return VisionTransformer(32, 1024, num_classes)

def vit_h_14(
    pretrained=False,
    progress=True,
    *,
    weights=None,
    num_classes=1000,
    image_size=224,
    dropout=0.0,
    attention_dropout=0.0,
):
    return VisionTransformer(14, 1280, num_classes)
