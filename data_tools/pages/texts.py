"""Every text of the pages, in English and Chinese.

A word in braces is a value that the page puts in. Texts may hold HTML.
"""

from __future__ import annotations

from typing import Dict, NamedTuple


class Text(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str


COMMON = {
    "languages": Text("Language", "语言"),
    "sections": Text("Sections", "章节"),
    "photo": Text("photo", "照片"),
    "label": Text("label", "标签图"),
    "overlay": Text("overlay", "叠加图"),
    "image": Text("image", "图像"),
    "picture of": Text("{kind} of {stem}", "{stem} 的{kind}"),
    "picture of with classes": Text("{kind} of {stem}: {classes}", "{stem} 的{kind}：{classes}"),
    "colours": Text("Colours of the label maps", "标签图的颜色"),
    "to colours": Text("Colours", "颜色"),
}

REVIEW = {
    "review title": Text("Review of {count} pairs", "审阅 {count} 个图像对"),
    "review": Text("Review of a curation", "审阅整理结果"),
    "review lead": Text(
        "{count} pairs were judged. Where a rule is wrong, tick <b>keep</b> or <b>drop</b>; save the marks as "
        "<code>manual.txt</code> and give that file to the next <code>select</code> with <code>--manual</code>.",
        "共判定 {count} 个图像对。规则判错的地方，请勾选<b>保留</b>或<b>剔除</b>，"
        "把标记保存为 <code>manual.txt</code>，下次运行 <code>select</code> 时用 <code>--manual</code> 传入。",
    ),
    "total": Text("Total", "全部"),
    "selection_1": Text("Selection I", "精选 I"),
    "selection_2": Text("Selection II", "精选 II"),
    "rule": Text("rule", "规则"),
    "signal": Text("signal", "质量信号"),
    "limit": Text("limit", "上限"),
    "stays out of": Text("stays out of", "不进入"),
    "why this limit": Text("why this limit", "上限的依据"),
    "dropped count": Text("dropped", "剔除数"),
    "break it": Text("break it", "超限数"),
    "rule lead": Text(
        "Pairs whose <code>{signal}</code> is above {limit} stay out of {split}: {meaning}.",
        "<code>{signal}</code> 高于 {limit} 的图像对不进入“{split}”：{meaning}。",
    ),
    "just above": Text("Just above the limit", "略高于上限"),
    "all above": Text("All above the limit", "高于上限的全部"),
    "just below": Text("Just below the limit", "略低于上限"),
    "worst": Text("Worst", "最差"),
    "kept": Text("kept", "保留"),
    "dropped": Text("dropped", "剔除"),
    "keep": Text("keep", "保留"),
    "drop": Text("drop", "剔除"),
    "keep stem": Text("keep {stem}", "保留 {stem}"),
    "drop stem": Text("drop {stem}", "剔除 {stem}"),
    "by rule": Text("by {rule}", "依据 {rule}"),
    "by hand": Text("by hand", "人工决定"),
    "as unreadable": Text("as unreadable", "无法读取"),
    "breaks": Text("breaks {rules}", "超出 {rules}"),
    "breaks too": Text("breaks {rules} too", "同时超出 {rules}"),
    "stays in": Text("stays in {split}", "仍在“{split}”中"),
    "mirrored": Text("mirrored", "镜像"),
    "by hand heading": Text("By hand", "人工决定"),
    "by hand lead": Text("Decided by the manual file, whatever the rules say.", "由人工文件决定，不受规则影响。"),
    "unreadable cause": Text("unreadable", "无法读取"),
    "unreadable": Text("Unreadable pairs", "无法读取的图像对"),
    "pair": Text("pair", "图像对"),
    "reason": Text("reason", "原因"),
    "all readable": Text("Every pair could be read.", "所有图像对都能读取。"),
    "classes": Text("Equivalence classes", "等价类"),
    "classes lead": Text(
        "Pairs whose label maps are nearly equal. If their photos differ much, they are numbered from the best, "
        "and only the framed ones are kept.",
        "标签图几乎相同的图像对。如果照片差别很大，就从最好的开始编号，只保留加框的几个。",
    ),
    "no classes": Text("No two label maps are nearly equal.", "没有两张几乎相同的标签图。"),
    "alike": Text("{count} alike", "{count} 个相同"),
    "alike photos": Text(
        "{count} alike; their photos are alike too: no pair is dropped here",
        "{count} 个相同，照片也相近：这里不剔除图像对",
    ),
    "more": Text("+ {count} more", "另有 {count} 个"),
    "more framed": Text("+ {count} more, {framed} of them framed", "另有 {count} 个，其中 {framed} 个加框"),
    "no value": Text("No pair has a value of {name}.", "没有图像对具有 {name} 的值。"),
    "histogram": Text(
        "Histogram of {name}: {count} pairs from {low} to {high}",
        "{name} 的直方图：{count} 个图像对，从 {low} 到 {high}",
    ),
    "bin": Text("{low} to {high}: {parts}", "{low} 到 {high}：{parts}"),
    "group kept": Text("kept", "保留"),
    "group elsewhere": Text("dropped for another reason", "因其他原因剔除"),
    "group dropped": Text("dropped by this rule", "被本规则剔除"),
    "limit line": Text("limit {limit}", "上限 {limit}"),
    "without value": Text("without a value, not shown: {count}", "没有值、未画出：{count}"),
    "logarithmic": Text("logarithmic heights", "高度取对数"),
    "marks": Text("Marks", "标记"),
    "keys": Text(
        "<kbd>K</kbd> keep <kbd>D</kbd> drop <kbd>←</kbd> <kbd>→</kbd> move <kbd>S</kbd> save",
        "<kbd>K</kbd> 保留 <kbd>D</kbd> 剔除 <kbd>←</kbd> <kbd>→</kbd> 移动 <kbd>S</kbd> 保存",
    ),
    "save": Text("Save as manual.txt", "保存为 manual.txt"),
    "copy": Text("Copy", "复制"),
    "clear": Text("Clear", "清空"),
}

# Texts that the script of the review page writes.
REVIEW_SCRIPT = {
    "nothing": Text("Nothing marked", "没有标记"),
    "tally": Text("{marked} marked: {keep} keep, {drop} drop", "{marked} 个标记：保留 {keep}，剔除 {drop}"),
    "forgets": Text("This browser remembers nothing: save before you leave.", "此浏览器不能记住标记：离开前请先保存。"),
    "saved": Text("Saved.", "已保存。"),
    "copied": Text("Copied.", "已复制。"),
    "no copy": Text("This browser does not let the page copy: save instead.", "此浏览器不允许网页复制：请改用保存。"),
    "ask clear": Text("Remove all {marked} marks?", "清除全部 {marked} 个标记？"),
}

SCORE = {
    "score title": Text("Score of {name}", "{name} 的评分"),
    "score": Text("Score of {name}", "{name} 的评分"),
    "score lead alone": Text(
        "{images} images were judged without photographs to compare with.",
        "评判了 {images} 张图像，没有可供比较的照片。",
    ),
    "score lead": Text(
        "{images} images were compared with {photos} photographs of <code>{real}</code>.",
        "把 {images} 张图像与 <code>{real}</code> 中的 {photos} 张照片作比较。",
    ),
    "no order": Text(
        "There is no judge and no photograph, so nothing says which images are the worst and the best.",
        "既没有评判网络，也没有照片，因此无法判断哪些图像最差、哪些最好。",
    ),
    "score tile": Text("score {board}", "得分 {board}"),
    "photographs": Text("photographs", "照片数"),
    "higher": Text("higher is better", "越高越好"),
    "lower": Text("lower is better", "越低越好"),
    "term": Text("term", "评分项"),
    "value": Text("value", "值"),
    "images": Text("images", "图像数"),
    "note": Text("note", "说明"),
    "absent": Text("absent", "缺少"),
    "needs": Text("needs {terms}", "还需要 {terms}"),
    "meaning and better": Text("{meaning}; {better}", "{meaning}；{better}"),
    "term mask_accuracy": Text(
        "share of pixels that the segmenter gives the label's class, 0 to 1", "分割网络判为标签类别的像素比例，0 到 1"
    ),
    "term aesthetic": Text("how well people like such images, 1 to 10", "人们对图像的喜爱程度，1 到 10"),
    "term fid": Text("Frechet distance of Inception features, 0 and more", "Inception 特征的 Fréchet 距离，不小于 0"),
    "term style": Text("correlation of colours with the reference photo, -1 to 1", "与参考照片的颜色相关系数，-1 到 1"),
    "term kid": Text("kernel distance of Inception features", "Inception 特征的核距离"),
    "term vgg16_relu5_1_frechet": Text(
        "Frechet distance of VGG-16 features; no FID", "VGG-16 特征的 Fréchet 距离；不是 FID"
    ),
    "term vgg16_relu5_1_mmd": Text("kernel distance of VGG-16 features; no KID", "VGG-16 特征的核距离；不是 KID"),
    "ranking mask_accuracy": Text("Mask accuracy", "掩码准确率"),
    "ranking aesthetic": Text("Aesthetic", "美学分"),
    "ranking style": Text("Style", "风格"),
    "ranking nearness": Text("Nearness to the photographs", "与照片的接近程度"),
    "ranking colours": Text("Colours of the photographs", "颜色与照片的接近程度"),
    "lead mask_accuracy": Text(
        "Share of an image's pixels that the segmenter gives the label's class.",
        "图像中被分割网络判为标签类别的像素比例。",
    ),
    "lead aesthetic": Text("NIMA's rating of an image, 1 to 10.", "NIMA 给图像的分数，1 到 10。"),
    "lead style": Text(
        "Correlation of an image's colours with those of its reference photo.", "图像与参考照片的颜色相关系数。"
    ),
    "lead nearness": Text(
        "Distance of an image's features to those of the nearest photograph, as a number from 0 (far) to 1 (equal). "
        "At 0.5 it is as far as photographs are from each other. The distance of the whole set has no share for "
        "each image; this is the nearest to one.",
        "图像特征到最近照片特征的距离，换算成 0（远）到 1（相同）的数；0.5 表示与照片之间的距离相当。"
        "整个集合的距离无法分摊到每张图像，这个数与之最为接近。",
    ),
    "lead colours": Text(
        "Correlation of an image's colours with those of the photograph that is most alike in them. No judge of single "
        "images was there; the table says how to get one.",
        "图像与颜色最相近的那张照片的颜色相关系数。没有可以给单张图像打分的评判网络；获取方法见上表。",
    ),
    "worst images": Text("Worst", "最差"),
    "best images": Text("Best", "最好"),
}

CLASS_NAMES = {
    name: Text(name, chinese)
    for name, chinese in {
        "mountain": "山",
        "sky": "天空",
        "water": "水",
        "sea": "海",
        "rock": "岩石",
        "tree": "树",
        "earth": "泥土",
        "hill": "丘陵",
        "river": "河流",
        "sand": "沙",
        "land": "陆地",
        "building": "建筑",
        "grass": "草",
        "plant": "植物",
        "person": "人",
        "boat": "小船",
        "waterfall": "瀑布",
        "wall": "墙",
        "pier": "码头",
        "path": "小路",
        "lake": "湖",
        "bridge": "桥",
        "field": "田野",
        "road": "道路",
        "railing": "栏杆",
        "fence": "围栏",
        "ship": "船",
        "house": "房屋",
        "other": "其他",
    }.items()
}

TEXTS: Dict[str, Text] = {**COMMON, **REVIEW, **SCORE}
