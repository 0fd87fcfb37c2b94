"""The notes of a score's terms in Chinese, for the page. Their English ones stand where the terms are computed."""

from __future__ import annotations

import re

# English note, or a part of one -> Chinese. Numbers, commands and paths are taken over.
NOTES = (
    (r"left out by --judges none", r"因 --judges none 而未评"),
    (r"needs label maps: name their folder by --labels", r"需要标签图：请用 --labels 指定其文件夹"),
    (r"needs real photographs: name their folder by --real", r"需要照片：请用 --real 指定其文件夹"),
    (
        r"needs (\d+) images and (\d+) photographs at least; there are (\d+) and (\d+)",
        r"至少需要 \1 张图像和 \2 张照片；现有 \3 张和 \4 张",
    ),
    (
        r"(\S+(?: sha256 \w+)?) knows (\d+) classes, and the label maps have (\d+) \((num_classes=\d+)\); take a "
        r"segmenter of the same classes, or give the right num_classes",
        r"\1 认识 \2 个类别，而标签图有 \3 个（\4）；请换用类别相同的分割网络，或给出正确的 num_classes",
    ),
    (r"no label map has a pixel with a class", r"没有一张标签图含有带类别的像素"),
    (
        r"(\d+) images whose label maps have no pixel with a class do not count",
        r"\1 张图像的标签图中没有带类别的像素，未计入",
    ),
    (r"NIMA's mean; other judges of aesthetics give other numbers", r"NIMA 的平均值；换用其他美学评判网络，数值会不同"),
    (r"name the folder of reference photos by --references", r"请用 --references 指定参考照片的文件夹"),
    (r"standard deviation (\S+) over (\d+) subsets of (\d+)", r"\2 个子集（每个 \3 张）的标准差为 \1"),
    (
        r"([\d,]+) images are fewer than ([\d,]+): the distance is biased upwards; compare it only with distances "
        r"between sets of the same sizes",
        r"图像 \1 张，少于 \2 张：距离偏大；只能与同样大小的两个集合之间的距离比较",
    ),
    (r"`([^`]+)` saves it as (\S+), from (\S+) \(([^)]*)\)", r"`\1` 会从 \3 下载并保存为 \2（\4）"),
    (r"`([^`]+)` trains one; save its best\.safetensors as (\S+)", r"`\1` 可训练一个；把它的 best.safetensors 存为 \2"),
    (
        r"the segmenter's accuracy is not known: no metrics\.jsonl beside it",
        r"分割网络的准确率未知：旁边没有 metrics.jsonl",
    ),
    (
        r"on held-out pairs the segmenter's pixel accuracy is (\S+), its mean IoU (\S+)(?=;|$)",
        r"分割网络在留出图像对上的像素准确率为 \1，平均 IoU 为 \2",
    ),
)


def chinese_note(note: str) -> str:
    """Return a note in Chinese. What the table does not know stays as it is."""
    chinese = note
    for pattern, words in NOTES:
        chinese = re.sub(pattern, words, chinese)
    return note if chinese == note else chinese.replace("; ", "；")
