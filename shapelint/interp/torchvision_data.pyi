"""Datasets of pictures, pictures of PIL, and what is done to a picture on its way into a dataset:
https://docs.pytorch.org/vision/stable/datasets.html, https://docs.pytorch.org/vision/stable/transforms.html"""

from typing import ClassVar

import numpy
import torch
from PIL import Image
from torch.utils.data import Dataset
from untold import untold  # there is no such module: what it gives is not known

class Picture(Image.Image):
    """A picture of PIL, as far as shapes go."""

    def __init__(self, height, width, channels):
        self.height = height
        self.width = width
        self.channels = channels
        self.size = (width, height)
        self.mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(channels, untold())

    def __enter__(self):
        return self

    def __exit__(self, *how):
        return None

    def getbands(self):
        return tuple(["band"] * self.channels)

    def copy(self):
        return self

    def resize(self, size, *how, **options):
        return Picture(size[1], size[0], self.channels)

    def convert(self, mode=None, *how, **options):
        return Picture(self.height, self.width, {"1": 1, "L": 1, "RGB": 3, "RGBA": 4}.get(mode, untold()))

class VisionDataset(Dataset):
    height, width, channels = untold(), untold(), untold()

    def __init__(self, length, transform, target_transform, transforms=None):
        self.length = length
        self.transform = transform
        self.target_transform = target_transform
        self.transforms = transforms

    def __len__(self):
        return self.length

    def picture(self):
        return Picture(self.height, self.width, self.channels)

    def label(self):
        return int(untold())

    def __getitem__(self, index):
        image, target = self.picture(), self.label()
        if self.transforms is not None:
            return self.transforms(image, target)
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

class _Digits(VisionDataset):
    height, width, channels = 28, 28, 1

    def __init__(self, length, transform, target_transform):
        super().__init__(length, transform, target_transform)
        self.data = torch.zeros(length, self.height, self.width, dtype=torch.uint8)
        self.targets = torch.zeros(length, dtype=torch.long)
        self.train_data = self.test_data = self.data
        self.train_labels = self.test_labels = self.targets

class MNIST(_Digits):
    def __init__(self, root, train=True, transform=None, target_transform=None, download=False):
        super().__init__(60000 if train else 10000, transform, target_transform)

class FashionMNIST(MNIST): ...
class KMNIST(MNIST): ...

class EMNIST(_Digits):
    sizes: ClassVar = {
        "byclass": (697932, 116323),
        "bymerge": (697932, 116323),
        "balanced": (112800, 18800),
        "letters": (124800, 20800),
        "digits": (240000, 40000),
        "mnist": (60000, 10000),
    }

    def __init__(self, root, split, train=True, transform=None, target_transform=None, download=False):
        both = self.sizes[split]
        super().__init__(both[0] if train else both[1], transform, target_transform)

class USPS(VisionDataset):
    height, width, channels = 16, 16, 1

    def __init__(self, root, train=True, transform=None, target_transform=None, download=False):
        super().__init__(7291 if train else 2007, transform, target_transform)
        self.data = numpy.zeros((self.length, 16, 16), dtype=numpy.uint8)
        self.targets = [int(untold())] * self.length

class CIFAR10(VisionDataset):
    height, width, channels = 32, 32, 3

    def __init__(self, root, train=True, transform=None, target_transform=None, download=False):
        super().__init__(50000 if train else 10000, transform, target_transform)
        self.data = numpy.zeros((self.length, 32, 32, 3), dtype=numpy.uint8)
        self.targets = [int(untold())] * self.length

class CIFAR100(CIFAR10): ...

class SVHN(VisionDataset):
    height, width, channels = 32, 32, 3

    def __init__(self, root, split="train", transform=None, target_transform=None, download=False):
        super().__init__({"train": 73257, "test": 26032, "extra": 531131}[split], transform, target_transform)
        self.data = numpy.zeros((self.length, 3, 32, 32), dtype=numpy.uint8)
        self.labels = numpy.zeros((self.length,), dtype=numpy.int64)

class STL10(VisionDataset):
    height, width, channels = 96, 96, 3
    sizes: ClassVar = {"train": 5000, "test": 8000, "unlabeled": 100000, "train+unlabeled": 105000}

    def __init__(self, root, split="train", folds=None, transform=None, target_transform=None, download=False):
        super().__init__(self.sizes[split] if folds is None else untold(), transform, target_transform)

class EuroSAT(VisionDataset):
    height, width, channels = 64, 64, 3

    def __init__(self, root, transform=None, target_transform=None, download=False, **how):
        super().__init__(27000, transform, target_transform)

class FakeData(VisionDataset):
    def __init__(
        self,
        size=1000,
        image_size=(3, 224, 224),
        num_classes=10,
        transform=None,
        target_transform=None,
        random_offset=0,
    ):
        super().__init__(size, transform, target_transform)
        self.image_size = image_size
        self.channels, self.height, self.width = image_size

class _Folder(VisionDataset):
    """Pictures of three channels and of many sizes, one label for each."""

    channels = 3

class ImageFolder(_Folder):
    def __init__(self, root, transform=None, target_transform=None, loader=None, is_valid_file=None, **how):
        super().__init__(untold(), transform, target_transform)
        self.root = root
        self.loader = loader

    def picture(self):
        if self.loader is not None:
            return untold()
        return super().picture()

class Flowers102(_Folder):
    def __init__(self, root, split="train", transform=None, target_transform=None, download=False, **how):
        super().__init__({"train": 1020, "val": 1020, "test": 6149}[split], transform, target_transform)

class Food101(_Folder):
    def __init__(self, root, split="train", transform=None, target_transform=None, download=False, **how):
        super().__init__({"train": 75750, "test": 25250}[split], transform, target_transform)

class StanfordCars(_Folder):
    def __init__(self, root, split="train", transform=None, target_transform=None, download=False, **how):
        super().__init__({"train": 8144, "test": 8041}[split], transform, target_transform)

class GTSRB(_Folder):
    def __init__(self, root, split="train", transform=None, target_transform=None, download=False, **how):
        super().__init__({"train": 26640, "test": 12630}[split], transform, target_transform)

class OxfordIIITPet(_Folder):
    def __init__(
        self,
        root,
        split="trainval",
        target_types="category",
        transforms=None,
        transform=None,
        target_transform=None,
        download=False,
        **how,
    ):
        super().__init__({"trainval": 3680, "test": 3669}[split], transform, target_transform, transforms)
        self.target_types = target_types

    def label(self):
        return int(untold()) if self.target_types == "category" else untold()

# Transforms

def channels_of(img):
    """How many channels a picture, or a tensor of it, has."""
    return img.channels if isinstance(img, Picture) else img.shape[-3]

def extent(img):
    """The height and width of a picture, or of a tensor of it."""
    return (img.height, img.width) if isinstance(img, Picture) else img.shape[-2:]

def with_extent(img, height, width):
    """The picture with another height and width."""
    if isinstance(img, Picture):
        return Picture(height, width, img.channels)
    if isinstance(img, torch.Tensor):
        return img.new_zeros((*img.shape[:-2], height, width))
    return untold(img)

def pair(size):
    """A size for both axes, or one for each."""
    if isinstance(size, int):
        return size, size
    return (size[0], size[0]) if len(size) == 1 else (size[0], size[1])

def planes(pic, dtype):
    """A picture, or an array of height, width and channels, as a tensor with the channels in front."""
    if isinstance(pic, Picture):
        return torch.zeros(pic.channels, pic.height, pic.width, dtype=dtype)
    if isinstance(pic, numpy.ndarray):
        made = torch.from_numpy(pic)
        return made.unsqueeze(0) if made.dim() == 2 else made.permute(2, 0, 1).contiguous()
    return untold(pic)

class Compose:
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, img):
        for t in self.transforms:
            img = t(img)
        return img

class ToTensor:
    def __call__(self, pic):
        return planes(pic, torch.float32)

class PILToTensor:
    def __call__(self, pic):
        return planes(pic, torch.uint8)

class ToImage:
    def __call__(self, pic):
        return pic if isinstance(pic, torch.Tensor) else planes(pic, torch.uint8)

class ToPILImage:
    def __init__(self, mode=None):
        self.mode = mode

    def __call__(self, pic):
        if isinstance(pic, torch.Tensor):
            return Picture(pic.shape[-2], pic.shape[-1], pic.shape[0] if pic.dim() == 3 else 1)
        if isinstance(pic, numpy.ndarray):
            return Picture(pic.shape[0], pic.shape[1], pic.shape[2] if pic.ndim == 3 else 1)
        return untold(pic)

class Kept:
    """What leaves height, width and channels as they are."""

    def __init__(self, *how, **options): ...
    def __call__(self, img):
        return img

class Normalize(Kept): ...
class RandomHorizontalFlip(Kept): ...
class RandomVerticalFlip(Kept): ...
class ColorJitter(Kept): ...
class RandomAffine(Kept): ...
class RandomPerspective(Kept): ...
class GaussianBlur(Kept): ...
class ElasticTransform(Kept): ...
class RandomErasing(Kept): ...
class RandomInvert(Kept): ...
class RandomPosterize(Kept): ...
class RandomSolarize(Kept): ...
class RandomAdjustSharpness(Kept): ...
class RandomAutocontrast(Kept): ...
class RandomEqualize(Kept): ...
class RandomGrayscale(Kept): ...
class AutoAugment(Kept): ...
class RandAugment(Kept): ...
class TrivialAugmentWide(Kept): ...
class AugMix(Kept): ...

class ConvertImageDtype:
    def __init__(self, dtype):
        self.dtype = dtype

    def __call__(self, image):
        return image.to(self.dtype)

class ToDtype:
    def __init__(self, dtype, scale=False):
        self.dtype = dtype

    def __call__(self, image):
        return image.to(self.dtype) if isinstance(image, torch.Tensor) else image

class Resize:
    def __init__(self, size, interpolation=None, max_size=None, antialias=True):
        self.size = size
        self.max_size = max_size

    def __call__(self, img):
        if not isinstance(self.size, int) and len(self.size) == 2:
            return with_extent(img, self.size[0], self.size[1])
        height, width = extent(img)
        short = pair(self.size)[0]
        if self.max_size is not None:
            return with_extent(img, untold(), untold())
        if width == height:
            return with_extent(img, short, short)
        if width < height:
            return with_extent(img, int(short * height / width), short)
        return with_extent(img, short, int(short * width / height))

class CenterCrop:
    def __init__(self, size):
        self.size = size

    def __call__(self, img):
        height, width = pair(self.size)
        return with_extent(img, height, width)

class RandomCrop:
    def __init__(self, size, padding=None, pad_if_needed=False, fill=0, padding_mode="constant"):
        self.size = size

    def __call__(self, img):
        height, width = pair(self.size)
        return with_extent(img, height, width)

class RandomResizedCrop:
    def __init__(self, size, scale=(0.08, 1.0), ratio=(0.75, 1.33), interpolation=None, antialias=True):
        self.size = size

    def __call__(self, img):
        height, width = pair(self.size)
        return with_extent(img, height, width)

class Pad:
    def __init__(self, padding, fill=0, padding_mode="constant"):
        self.padding = padding

    def __call__(self, img):
        height, width = extent(img)
        if isinstance(self.padding, int) or len(self.padding) < 3:
            left, top = pair(self.padding)
            return with_extent(img, height + 2 * top, width + 2 * left)
        left, top, right, bottom = self.padding
        return with_extent(img, height + top + bottom, width + left + right)

class Grayscale:
    def __init__(self, num_output_channels=1):
        self.num_output_channels = num_output_channels

    def __call__(self, img):
        height, width = extent(img)
        if isinstance(img, Picture):
            return Picture(height, width, self.num_output_channels)
        if isinstance(img, torch.Tensor):
            return img.new_zeros((*img.shape[:-3], self.num_output_channels, height, width))
        return untold(img)

class RandomRotation:
    def __init__(self, degrees, interpolation=None, expand=False, center=None, fill=0):
        self.expand = expand

    def __call__(self, img):
        return with_extent(img, untold(), untold()) if self.expand else img

class Lambda:
    def __init__(self, lambd, *types):
        self.lambd = lambd

    def __call__(self, img):
        return self.lambd(img)

class RandomApply:
    def __init__(self, transforms, p=0.5):
        self.transforms = transforms

    def __call__(self, img):
        if untold():
            return img
        for t in self.transforms:
            img = t(img)
        return img

class FiveCrop:
    crops = 5

    def __init__(self, size, vertical_flip=False):
        self.size = size

    def __call__(self, img):
        height, width = pair(self.size)
        return tuple([with_extent(img, height, width)] * self.crops)

class TenCrop(FiveCrop):
    crops = 10

# PIL.Image

def open(fp, mode="r", formats=None):
    return Picture(untold(), untold(), untold())

def new(mode, size, color=0):
    return Picture(size[1], size[0], untold()).convert(mode)

def fromarray(obj, mode=None):
    return ToPILImage()(obj) if mode is None else untold()

# torchvision.transforms.functional

def to_tensor(pic):
    return planes(pic, torch.float32)

def pil_to_tensor(pic):
    return planes(pic, torch.uint8)

def to_pil_image(pic, mode=None):
    return ToPILImage(mode)(pic)

def resize(img, size, *how, **options):
    return Resize(size, None, *how[1:2], **options)(img)

def center_crop(img, output_size):
    return CenterCrop(output_size)(img)

def crop(img, top, left, height, width):
    return with_extent(img, height, width)

def resized_crop(img, top, left, height, width, size, *how, **options):
    return CenterCrop(size)(img)

def pad(img, padding, *how, **options):
    return Pad(padding)(img)

def hflip(img):
    return img

def vflip(img):
    return img

def normalize(tensor, mean, std, inplace=False):
    return tensor

def rotate(img, angle, interpolation=None, expand=False, *how, **options):
    return RandomRotation(angle, None, expand)(img)

def to_grayscale(img, num_output_channels=1):
    return Grayscale(num_output_channels)(img)
