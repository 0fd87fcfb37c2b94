"""The texts of the default rules in Chinese. Their English ones are in curation/default_rules.py."""

from __future__ import annotations

from typing import Dict, Tuple

from data_tools.curation.default_rules import DEFAULT_RULES, DISPUTED
from data_tools.curation.rules import Rule

# Name of the rule -> its meaning and the reason of its limit.
CHINESE: Dict[str, Tuple[str, str]] = {
    "unrelated": (
        "标签图属于另一张照片",
        "99 % 的无缺陷图像对低于 -0.15（bsds）和 -1.6（渲染集）；标签图对调的图像对有一半高于 0",
    ),
    "shifted": ("标签图相对照片有平移", "无缺陷图像对的增益最大为 0.7，平移过的有一半达到 4"),
    "mirrored": ("标签图对应的是镜像后的照片", "无缺陷图像对镜像后没有增益（至多 -0.2）；镜像过的有九成增益达到 2"),
    "wrong_classes": (
        "区域看起来不像所标的类别",
        "bsds 中九成的无缺陷图像对和渲染集的全部都在上限以下；类别打乱的有 86 % 和 93 % 在上限以上",
    ),
    "unexplained": (
        "标签图不能解释照片的颜色",
        "无缺陷图像对最大为 0.76；几乎只有一个类别的标签图更高，只有一个类别时为 1",
    ),
    "merged": (
        "一个类别盖住了几种物体",
        "99 % 的无缺陷图像对低于 -1.2（bsds）和 -2.9（渲染集）；bsds 中合并过的有一半高于 -0.9",
    ),
    "torn": ("标签图破碎", "渲染集的标签图有许多小物体，99 % 的无缺陷标签图低于 80；人工标注的低于 10"),
    "entangled": ("标签图中边界过多", "无缺陷图像对最多为画面边长的 23.7 倍；切碎的有一半超过 25 倍"),
    "interwoven": ("两个类别像梳齿一样交错", "无缺陷图像对最多为同面积正方形边界的 9.3 倍"),
    "off_edges": ("标签边界不在照片的边缘上", "99 % 的无缺陷图像对低于 -0.35；不相关的在 0 附近"),
    "same_look": ("相邻的两个类别看起来一样", "无缺陷图像对最大为 0.96：这是弱证据，只剔除最极端的"),
    "one_class": ("标签图几乎没有信息", "bsds 的无缺陷图像对可达 0.88；其他像素只占 3 % 的标签图教不了构图"),
    "blurred": ("照片模糊", "99 % 的无缺陷照片低于 0.29（bsds）和 0.39（渲染集）；模糊过的有一半达到 0.54"),
    "too_dark": ("照片整体过暗", "99 % 的无缺陷照片低于 0.68，95 % 低于 0.43；欠曝的从 0.6 开始"),
    "too_bright": ("除天空外有大片过曝", "bsds 的无缺陷照片除一张外都在上限以下；过曝的有一半达到 0.26"),
    "grey": ("照片没有颜色，或只有一种色调", "无缺陷照片最大为 0.46；灰度和棕褐色照片从 0.59 开始"),
    "framed": ("照片带边框", "无缺陷照片为 0；在 512x384 下看得见的最细边框占 6 %"),
    "written_on": ("照片上有文字", "99 % 的无缺陷照片少于 3.7 个字母；带文字的有一半多于 4.3 个"),
    "duplicate": ("照片与前面的某张重复", "bsds 中没有两张无缺陷照片有 0.7 的位相同；裁剪后重新编码的副本为 0.92"),
    "backlit": ("天空明亮，前景一片漆黑", "95 % 的无缺陷照片低于 0.23；人为加入的有九成高于 0.6"),
    "redundant": ("这张标签图已有更好的照片", "在等价类中的名次除以每类保留的个数"),
    "disputed": ("分割网络看到的类别与标签不同", "超过一半的像素；这是一个整数约定，没有经过测量"),
}
_ENGLISH = {rule.name: (rule.meaning, rule.reason) for rule in (*DEFAULT_RULES, DISPUTED)}


def chinese_rule(rule: Rule) -> Tuple[str, str]:
    """Return a rule's meaning and reason in Chinese; texts that a user has changed stay as they are."""
    own = rule.meaning, rule.reason
    pairs = zip(own, _ENGLISH.get(rule.name, ("", "")), CHINESE.get(rule.name, own))
    meaning, reason = (chinese if english == default else english for english, default, chinese in pairs)
    return meaning, reason
